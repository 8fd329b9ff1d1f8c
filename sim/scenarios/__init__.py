"""The scenario suite: short scripted scenes with rules, zones and the truth about violations.

:data:`sim.scenarios.suite.SUITE` lists them; :meth:`sim.scenarios.base.Scenario.play` plays one;
``python -m bench.scenarios`` holds the real detectors against them.
"""
