"""e2e_test: a whole-program test, run for several pairings of client and server."""

# Client first; then the I/O backend of what is ours. Stock beside stock proves the test itself.
PAIRINGS = [
    "ours/ours/io_uring",
    "ours/ours/epoll",
    "ours/stock/io_uring",
    "ours/stock/epoll",
    "stock/ours/io_uring",
    "stock/ours/epoll",
    "stock/stock",
]

def e2e_test(name, srcs, pairings = PAIRINGS, deps = [], data = [], env = {}, tags = [], **kwargs):
    """Declares a whole-program test.

    Args:
      name: of the test.
      srcs: its sources; they learn their pairings from PairingsUnderTest().
      pairings: "client/server" or "client/server/backend", each "ours" or "stock".
      deps: beside the harness.
      data: programs beside the relay, ours and stock's.
      env: their variables.
      tags: beside "local": a sandbox of Bazel's has no sshd user, no utmp and a process table of its own.
      **kwargs: passed on to cc_test (size: medium, i.e. 5 minutes, if not given).
    """
    kwargs.setdefault("size", "medium")
    native.cc_test(
        name = name,
        srcs = srcs,
        data = [
            "//client:mosh",
            "//e2e/programs:input_digest",
            "//netem/relay:netem-relay",
            "//server:mosh-server",
        ] + data,
        env = dict({
            "E2E_INPUT_DIGEST": "$(rootpath //e2e/programs:input_digest)",
            "E2E_OUR_CLIENT": "$(rootpath //client:mosh)",
            "E2E_OUR_SERVER": "$(rootpath //server:mosh-server)",
            "E2E_PAIRINGS": " ".join(pairings),
            "E2E_RELAY": "$(rootpath //netem/relay:netem-relay)",
        }, **env),
        tags = ["local"] + tags,
        deps = deps + [
            "//e2e:harness",
            "//third_party/absl",
            "//third_party/googletest:gtest_main",
        ],
        **kwargs
    )
