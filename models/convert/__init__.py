"""Foreign model formats to ONNX.

One converter a file: ``centernet.convert(topology, weights) -> bytes`` builds the ONNX graph of
MobileNetV3-CenterNet from its TensorFlow.js files. ``tfjs`` reads such files.
"""
