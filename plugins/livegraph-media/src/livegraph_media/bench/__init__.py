"""The bench `media`: a film through edges and a blend, beside a plain loop and beside ffmpeg."""
