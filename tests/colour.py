"""Colours as eyes tell them apart, by the formulas of WCAG 2."""

import numpy as np
from matplotlib.colors import to_rgb


def luminance(colour) -> float:
    """Relative luminance of a colour as matplotlib takes it, 0 (black) to 1 (white)."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(a, b) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)
