"""Detection models: which there are, fetching them, checking them, judging them.

``store.Store`` is the face (``ensure``, ``pull``, ``default``, ``listing``, ``import_file``,
``verify``); ``registry.yaml`` lists the models known; ``evaluate.evaluate`` measures COCO AP.
A model is handed to other rooms as a :class:`core.model.ModelCard`.
"""
