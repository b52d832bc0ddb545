"""Where people and programs meet the engine: the command line, later pages and an API. No rule of the trade is here."""
