"""cc_fuzz_test: one libFuzzer entry point, usable in two ways.

`bazel test` links it with a driver that replays the corpus: a regression test in every build.
`bazel run --config=fuzz //pkg:name -- -max_total_time=600` links libFuzzer itself.
"""

def cc_fuzz_test(name, srcs, deps = [], corpus = [], size = "small", **kwargs):
    """Declares a fuzz target.

    Args:
      name: ends in _fuzz by convention.
      srcs: define LLVMFuzzerTestOneInput.
      deps: libraries under test.
      corpus: seed files, named after what they contain.
      size: test size of the replay.
      **kwargs: passed on to cc_test.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs,
        # Given files, libFuzzer only replays them, as the driver does.
        args = select({
            "//tools:fuzzing": [],
            "//conditions:default": ["$(locations %s)" % f for f in corpus],
        }),
        data = corpus,
        linkopts = select({
            "//tools:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + select({
            "//tools:fuzzing": [],
            "//conditions:default": ["//tools:fuzz_replay_main"],
        }),
        tags = ["fuzz"],
        **kwargs
    )
