"""Detection models: which there are, fetching them, checking them, judging them.

``store.Store`` is the face (``ensure``, ``pull``, ``default``, ``listing``, ``import_file``,
``verify``, ``ledger``); ``registry.yaml`` lists the models known; ``evaluate.evaluate`` measures
COCO AP, ``promotion`` keeps what ``auto`` means, ``training`` drives ultralytics where it is.
A model is handed to other rooms as a :class:`core.model.ModelCard`.
"""
