#!/usr/bin/python3
"""What Grafana would show wrongly without complaint: panels over each other, queries that pay no heed to what was chosen
above, numbers that turn red by themselves.

  dashboard_test.py DASHBOARD
"""
import json
import sys
import unittest

with open(sys.argv.pop(), encoding="utf-8") as file:
    DASHBOARD = json.load(file)
PANELS = DASHBOARD["panels"]
CHARTS = [panel for panel in PANELS if panel["type"] != "row"]


def cells(panel):
    place = panel["gridPos"]
    return {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}


class DashboardTest(unittest.TestCase):
    def test_panels_are_different_and_side_by_side(self):
        self.assertGreater(len(CHARTS), 0)
        ids = [panel["id"] for panel in PANELS]
        self.assertEqual(len(ids), len(set(ids)))
        taken = set()
        for panel in PANELS:
            with self.subTest(panel["title"]):
                self.assertFalse(taken & cells(panel))
                self.assertLessEqual(panel["gridPos"]["x"] + panel["gridPos"]["w"], 24)  # columns of Grafana's grid
                taken |= cells(panel)

    def test_queries_are_of_the_chosen_job(self):
        for panel in CHARTS:
            for target in panel["targets"]:
                with self.subTest(panel["title"]):
                    self.assertIn('job=~"$job"', target["expr"])
                    self.assertEqual(target["datasource"]["uid"], "${datasource}")

    def test_curves_have_names(self):
        for panel in CHARTS:
            if panel["type"] != "stat":
                for target in panel["targets"]:
                    with self.subTest(panel["title"]):
                        self.assertTrue(target["legendFormat"])

    # Grafana's own rule, where none is given: red from 80 on.
    def test_numbers_say_when_they_are_red(self):
        for panel in CHARTS:
            if panel["type"] == "stat":
                with self.subTest(panel["title"]):
                    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
                    self.assertEqual(steps[0], {"color": "green", "value": None})


if __name__ == "__main__":
    unittest.main()
