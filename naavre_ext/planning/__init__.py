"""Dataflow and annotations → the Workflow; loops → batches, recorded operations and their replay."""
