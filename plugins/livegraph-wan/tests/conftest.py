"""Tiny models that run in milliseconds, and the engine around an untrained wan-nano."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from livegraph_wan import device
from livegraph_wan.attention import RollingCache
from livegraph_wan.grid import PATCH
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.profile import WAN_NANO, Architecture
from livegraph_wan.rope import RopeTable
from livegraph_wan.stream import Stream
from livegraph_wan.window import RopeMode, Window

CPU = torch.device("cpu")
WORDS = ["<pad>", "</s>", "<unk>", "an", "oil", "painting", "ink", "on", "paper"]
MakeCache = Callable[..., RollingCache]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = torch.get_num_threads()
    monkeypatch.setattr(device, "THREADS", 1)
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield
    torch.set_num_threads(before)


@pytest.fixture
def transformer() -> WanTransformer:
    """Two layers, random weights, fp32; latents of 4 channels and 8x6 cells make 12 tokens a frame."""
    torch.manual_seed(1)
    config = Architecture(
        dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=6, in_dim=4, out_dim=4, freq_dim=32
    )
    return WanTransformer(config).eval()


@pytest.fixture
def rope(transformer: WanTransformer) -> RopeTable:
    return RopeTable(transformer.config.head_dim, 8 // PATCH, 6 // PATCH, CPU)


@pytest.fixture
def make_cache(transformer: WanTransformer, rope: RopeTable) -> MakeCache:
    def make(window: int, *, block: int = 1, sink: int = 0, mode: RopeMode = "relative", rows: int = 1) -> RollingCache:
        config = transformer.config
        return RollingCache(
            rope,
            [Window(window, sink=sink, block=block, mode=mode) for _ in range(rows)],
            layers=config.num_layers,
            tokens=12,
            heads=config.num_heads,
            head_dim=config.head_dim,
            device=CPU,
            dtype=torch.float32,
        )

    return make


@pytest.fixture
def untrained() -> NanoWan:
    """wan-nano with random weights everywhere, the zero-initialised layers too."""
    torch.manual_seed(2)
    model = NanoWan()
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return model.eval()


@pytest.fixture
def stream(untrained: NanoWan) -> Stream:
    return Stream(untrained, WAN_NANO, device=CPU, dtype=torch.float32)


@pytest.fixture(scope="session")
def umt5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights and tokenizer in two folders, as diffusers publishes them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

    path = tmp_path_factory.mktemp("umt5")
    torch.manual_seed(3)
    config = UMT5Config(vocab_size=len(WORDS), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    UMT5EncoderModel(config).save_pretrained(path / "text_encoder")
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(path / "tokenizer")
    return path
