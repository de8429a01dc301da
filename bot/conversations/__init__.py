"""Turns, threads, bursts: what is for us, what a follow-up means, what one turn answers. Knows no platform."""
