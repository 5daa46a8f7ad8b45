"""Telling people: from the events that a settlement calls due to messages that arrived, each once.

``rules`` says who hears of what; ``planning`` reads the event feed behind its cursor and writes the outbox,
``alerts.db``; ``sending`` empties it, channel by channel; ``announcements`` and ``composing`` word the messages. The
archive is only read here: what a person releases or drops is on record in the journal, as every decision is.
"""
