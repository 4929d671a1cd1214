"""Core's reactions to its own events."""

from core.events import on
from core.services.notices import NoticeWritten, mail_notice

on(NoticeWritten)(mail_notice)
