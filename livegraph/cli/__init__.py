"""The command line: one file per command. Whatever is heavy is imported inside the command that needs it."""
