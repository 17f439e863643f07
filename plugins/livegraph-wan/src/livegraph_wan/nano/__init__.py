"""wan-nano: the small model that ships with the plugin, and everything needed to train it again."""
