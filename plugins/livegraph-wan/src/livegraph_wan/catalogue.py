"""Where the published checkpoints lie that the plugin is made for. Data alone: nothing is imported or fetched.

Revisions, sizes and sums are those that independent users have recorded; what could not be confirmed is said in a
model's notes. None of these files has been loaded by livegraph's authors yet, so every model has `tried=False`.
"""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import Licence, ModelFile, ModelSpec

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", commercial=True)
MIT = Licence("MIT", "https://github.com/madebyollin/taehv/blob/main/LICENSE", commercial=True)
NON_COMMERCIAL = Licence("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/", commercial=False)
UNCONFIRMED = Licence("not confirmed", "https://huggingface.co/jerryfeng/StreamDiffusionV2", commercial=None)

HUB = "https://huggingface.co"
WAN = "Wan-AI/Wan2.1-T2V-1.3B"
WAN_REVISION = "37ec512624d61f7aa208f7ea8140a131f93afc9a"
STREAMDIFFUSION = "jerryfeng/StreamDiffusionV2"
STREAMDIFFUSION_REVISION = "2373eb2b39278b3a1aa174964a724ee78ead96f0"
LONGLIVE = "Efficient-Large-Model/LongLive-1.3B"
LONGLIVE_REVISION = "cda9138d93872ef109d9a74c270184eb3a5acc6e"
TAEHV = "https://raw.githubusercontent.com/madebyollin/taehv/1a88a7dcafa06f46866661c0d687654aafa5521b"

COMFY = "Comfy-Org/Wan_2.1_ComfyUI_repackaged"
COMFY_REVISION = "06e001fc51048fb03433a6fb25334de7836704a5"
DISTILLED = "lightx2v/Wan2.1-Distill-Loras"
DISTILLED_REVISION = "27ae38da91014b947dd39cc3fa78b97cd7b386dd"

NEEDS = ("wan2.1-vae", "taew2_1", "umt5-xxl")
"""What every transformer here runs with: both VAEs, the fast one and Wan's own, and the text encoder."""
I2V_NEEDS = ("wan2.1-vae", "umt5-xxl", "wan2.1-clip")
"""What the image-to-video transformer runs with."""


def models() -> Sequence[ModelSpec]:
    """All of them: transformers first, then what they need."""
    return [
        streamdiffusion("1.3b", 5_676_282_858, "wan_causal_dmd_v2v"),
        streamdiffusion("14b", 28_577_332_702, "wan_causal_dmd_v2v_14b"),
        causvid(),
        self_forcing(),
        longlive(),
        krea(),
        image_to_video(),
        vae(),
        tiny_vae(),
        text_encoder(),
        image_encoder(),
    ]


def streamdiffusion(parameters: str, size: int, folder: str) -> ModelSpec:
    """Trained to repaint a stream; the others were made for text to video, and repaint as well."""
    file = ModelFile(
        "model.pt", size=size, repo=STREAMDIFFUSION, revision=STREAMDIFFUSION_REVISION, source=f"{folder}/model.pt"
    )
    return ModelSpec(
        f"streamdiffusionv2-{parameters}",
        f"Video to video, {parameters.upper()}, 1 to 4 steps",
        UNCONFIRMED,
        f"{HUB}/{STREAMDIFFUSION}",
        (file,),
        NEEDS,
        notes="The code is Apache-2.0; under which licence the weights are could not be confirmed: look at their page. "
        "No checksum is published that we know of.",
    )


def causvid() -> ModelSpec:
    file = ModelFile(
        "model.pt",
        size=11_352_649_716,
        repo="tianweiy/CausVid",
        revision="b545eb2728fc9d1515023a270b847f7b24b3aa89",
        source="autoregressive_checkpoint/model.pt",
    )
    return ModelSpec(
        "causvid-1.3b",
        "Causal Wan, 1.3B, 3 steps",
        NON_COMMERCIAL,
        f"{HUB}/tianweiy/CausVid",
        (file,),
        NEEDS,
        notes="The file also holds the critic that it was trained with, which is not loaded. "
        "No checksum is published that we know of.",
    )


def self_forcing() -> ModelSpec:
    file = ModelFile(
        "self_forcing_dmd.pt",
        size=5_676_252_553,
        repo="gdhe17/Self-Forcing",
        revision="2f8b779212da279d212c22a509b66ad6552f350e",
        source="checkpoints/self_forcing_dmd.pt",
        sha256="a0413986d9734e02c09504e1520f5697ba6df731bb2f0f35577485e9cc8f56a3",
    )
    return ModelSpec(
        "self-forcing-1.3b",
        "Causal Wan, 1.3B, 4 steps",
        NON_COMMERCIAL,
        f"{HUB}/gdhe17/Self-Forcing",
        (file,),
        NEEDS,
        notes="The licence is that of the weights' card, which is not the code's.",
    )


def longlive() -> ModelSpec:
    base = ModelFile(
        "longlive_base.pt",
        size=5_676_334_208,
        repo=LONGLIVE,
        revision=LONGLIVE_REVISION,
        source="models/longlive_base.pt",
        sha256="10a2aa8fcf89c77d9033f4c117405412a690e289625766619d293f0c5a208ee7",
    )
    lora = ModelFile(
        "lora.pt",
        size=2_800_056_690,
        repo=LONGLIVE,
        revision=LONGLIVE_REVISION,
        source="models/lora.pt",
        sha256="c4e43b87d62d4b0614b496773639f1ab170a7ee486dc23407901e9d3a5ebc07a",
    )
    return ModelSpec(
        "longlive-1.3b",
        "Causal Wan, 1.3B, for long streams, 4 steps, with its LoRA",
        NON_COMMERCIAL,
        f"{HUB}/{LONGLIVE}",
        (base, lora),
        NEEDS,
        notes="The weights' card says CC-BY-NC-SA-4.0; the code's repository went to Apache-2.0 on 2025-11-01 without "
        "saying so of the weights. The stricter is given here.",
    )


def krea() -> ModelSpec:
    file = ModelFile(
        "krea-realtime-video-14b.safetensors",
        size=28_580_000_000,
        repo="krea/krea-realtime-video",
        revision="6b5d204f9d14c3c3a59608e49d1da7fad90daf8d",
        exact=False,
    )
    return ModelSpec(
        "krea-14b",
        "Causal Wan, 14B, 4 steps",
        APACHE,
        f"{HUB}/krea/krea-realtime-video",
        (file,),
        NEEDS,
        notes="The weights' card says Apache-2.0; Krea's code is CC-BY-NC-SA-4.0, and is not used here. The size is "
        "rounded, and no checksum is published that we know of.",
    )


def image_to_video() -> ModelSpec:
    """Wan's own image-to-video model with the LoRA that takes it to 4 steps without guidance."""
    name = "wan2.1_i2v_480p_14B_fp16.safetensors"
    base = ModelFile(
        name,
        size=32_800_000_000,
        repo=COMFY,
        revision=COMFY_REVISION,
        source=f"split_files/diffusion_models/{name}",
        sha256="27988f6b510eb8d5fdd7485671b54897f8683f2bba7a772c5671be21d3491253",
        exact=False,
    )
    lora = ModelFile(
        "lora.safetensors",
        size=739_472_104,
        repo=DISTILLED,
        revision=DISTILLED_REVISION,
        source="wan2.1_i2v_lora_rank64_lightx2v_4step.safetensors",
        sha256="8833bd4fd7c8eabebf0bc8ee5cfaf47f4f310ce116928a02c1adf8941dd4b0f1",
    )
    return ModelSpec(
        "wan2.1-i2v-14b-480p",
        "Image to video, 14B, 4 steps, in clips of 81 pictures",
        APACHE,
        f"{HUB}/{COMFY}",
        (base, lora),
        I2V_NEEDS,
        notes="Not causal: a clip is painted whole, and the next begins from its last picture. The transformer is "
        "Wan-AI's Wan2.1-I2V-14B-480P in fp16 as Comfy-Org repackaged it (its size is rounded), the LoRA lightx2v's.",
    )


def vae() -> ModelSpec:
    file = ModelFile(
        "Wan2.1_VAE.pth",
        size=507_609_880,
        repo=WAN,
        revision=WAN_REVISION,
        sha256="38071ab59bd94681c686fa51d75a1968f64e470262043be31f7a094e442fd981",
    )
    return ModelSpec("wan2.1-vae", "Wan 2.1's VAE: latents of 16 channels, 4x8x8", APACHE, f"{HUB}/{WAN}", (file,))


def tiny_vae() -> ModelSpec:
    file = ModelFile(
        "taew2_1.pth",
        size=22_678_901,
        url=f"{TAEHV}/taew2_1.pth",
        sha256="d26151e76cdc2c9424bef988de874b33d9a53f30ef3060cd556c429c469c797e",
    )
    home = "https://github.com/madebyollin/taehv"
    return ModelSpec("taew2_1", "TAEHV: a VAE for Wan 2.1, many times faster", MIT, home, (file,))


def text_encoder() -> ModelSpec:
    def file(source: str, size: int, sha256: str) -> ModelFile:
        path = source.rpartition("/")[2]
        return ModelFile(path, size=size, repo=WAN, revision=WAN_REVISION, source=source, sha256=sha256)

    files = (
        file(
            "models_t5_umt5-xxl-enc-bf16.pth",
            11_361_920_418,
            "7cace0da2b446bbbbc57d031ab6cf163a3d59b366da94e5afe36745b746fd81d",
        ),
        file(
            "google/umt5-xxl/spiece.model",
            4_548_313,
            "e3909a67b780650b35cf529ac782ad2b6b26e6d1f849d3fbb6a872905f452458",
        ),
        file(
            "google/umt5-xxl/tokenizer.json",
            16_837_417,
            "6e197b4d3dbd71da14b4eb255f4fa91c9c1f2068b20a2de2472967ca3d22602b",
        ),
        file(
            "google/umt5-xxl/tokenizer_config.json",
            61_728,
            "ed9a3a8b0faa71a70a32847e0435fe036e6e112d4df4edb7bb48a921e344dc05",
        ),
        file(
            "google/umt5-xxl/special_tokens_map.json",
            6_623,
            "7b8a9f5040adb67b5805abdfd42c1f8d0f3d0e711f10726580eb3789cd0ad61d",
        ),
    )
    return ModelSpec("umt5-xxl", "UMT5-XXL's encoder as Wan 2.1 uses it, bf16", APACHE, f"{HUB}/{WAN}", files)


def image_encoder() -> ModelSpec:
    name = "clip_vision_h.safetensors"
    file = ModelFile(
        name,
        size=1_264_219_396,
        repo=COMFY,
        revision=COMFY_REVISION,
        source=f"split_files/clip_vision/{name}",
        sha256="64a7ef761bfccbadbaa3da77366aac4185a6c58fa5de5f589b42a65bcc21f161",
    )
    return ModelSpec("wan2.1-clip", "CLIP ViT-H/14 as Wan 2.1 reads stills with it", APACHE, f"{HUB}/{COMFY}", (file,))
