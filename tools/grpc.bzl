"""cc_grpc_library: C++ of protobuf messages with descriptors, and of gRPC services.

The native cc_proto_library gives messages for the lite runtime (third_party/com_google_protobuf), which gRPC's
reflection and JSON can't do with.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

def cc_grpc_library(name, protos, services = [], **kwargs):
    """Generates and compiles. Import paths begin at this package.

    Args:
      name: the library.
      protos: all .proto files, imports first.
      services: those of them that define services.
      **kwargs: passed on to cc_library.
    """
    outs = []
    for proto in protos:
        stem = proto[:-len(".proto")]
        outs += [stem + ".pb.h", stem + ".pb.cc"]
    for proto in services:
        stem = proto[:-len(".proto")]
        outs += [stem + ".grpc.pb.h", stem + ".grpc.pb.cc"]
    root = native.package_name()
    native.genrule(
        name = name + "_generated",
        srcs = protos,
        outs = outs,
        cmd = " && ".join(
            ["protoc -I{root} --cpp_out=$(GENDIR)/{root} $(SRCS)".format(root = root)] +
            ([
                "protoc -I{root} --grpc_out=generate_mock_code=false:$(GENDIR)/{root} ".format(root = root) +
                "--plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin) " +
                " ".join([root + "/" + proto for proto in services]),
            ] if services else []),
        ),
    )
    cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".cc")],
        hdrs = [out for out in outs if out.endswith(".h")],
        # The generators' own warnings are nobody's here.
        copts = ["-w"],
        includes = ["."],
        linkstatic = True,
        **kwargs
    )
