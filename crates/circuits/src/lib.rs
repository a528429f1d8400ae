//! Row stream, step circuits, native twins and shapes.
