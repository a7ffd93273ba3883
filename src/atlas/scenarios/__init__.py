"""The exam: companies with unwritten rules, scenarios that need them, and the gates that keep the exam honest."""
