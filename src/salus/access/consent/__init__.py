"""Sensitive classes, what residents say of them, and what of a chart a read may therefore show. Pure but its verbs."""

from salus.access.consent.model import EVERY_CLASS, EVERYTHING, About, Directive, Says, Sensitive, Sight, whole

__all__ = ["EVERYTHING", "EVERY_CLASS", "About", "Directive", "Says", "Sensitive", "Sight", "whole"]
