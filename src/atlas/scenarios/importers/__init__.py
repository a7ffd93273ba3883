"""Exams from outside: public formats read without loss, and turned into worlds that agents can work in."""
