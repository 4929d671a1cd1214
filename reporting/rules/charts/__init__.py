"""Charts as SVG text, in IBCS notation: plan outlined, actual solid, forecast hatched, good and bad by impact.

Data in, SVG out. Each mark has a presentation attribute, which draws it on paper, and a class, which themes it on
screen: WeasyPrint applies no style sheet to SVG.
"""

from reporting.rules.charts.bridge import bridge_bar, bridge_steps
from reporting.rules.charts.cells import held_bar, percent_pin, variance_bar
from reporting.rules.charts.months import month_chart, month_window

__all__ = ["bridge_bar", "bridge_steps", "held_bar", "month_chart", "month_window", "percent_pin", "variance_bar"]
