"""A client for any gRPC service, by what the server tells about itself: no code generated from .proto files is in it.

  api = Api(grpc.insecure_channel("unix:/run/mosh-agent/agent.sock"))
  api.call("mosh.fleet.v1.FleetService", "GetNode", name="nodes/-").hostname
"""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto


def _reflection_messages():
    """grpc.reflection.v1alpha, the parts that are needed. There is no package with it."""
    file = descriptor_pb2.FileDescriptorProto(
        name="reflection.proto", package="grpc.reflection.v1alpha", syntax="proto3")

    def message(name, *fields):
        added = file.message_type.add(name=name)
        for number, field, kind, repeated, type_name in fields:
            added.field.add(name=field, number=number, type=kind, type_name=type_name,
                            label=_FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL)

    text, data, sub = _FIELD.TYPE_STRING, _FIELD.TYPE_BYTES, _FIELD.TYPE_MESSAGE
    prefix = ".grpc.reflection.v1alpha."
    message("ServerReflectionRequest", (3, "file_by_filename", text, False, None),
            (4, "file_containing_symbol", text, False, None), (7, "list_services", text, False, None))
    message("FileDescriptorResponse", (1, "file_descriptor_proto", data, True, None))
    message("ServiceResponse", (1, "name", text, False, None))
    message("ListServiceResponse", (1, "service", sub, True, prefix + "ServiceResponse"))
    message("ServerReflectionResponse",
            (4, "file_descriptor_response", sub, False, prefix + "FileDescriptorResponse"),
            (6, "list_services_response", sub, False, prefix + "ListServiceResponse"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName("grpc.reflection.v1alpha." + name))
            for name in ("ServerReflectionRequest", "ServerReflectionResponse")]


_Request, _Response = _reflection_messages()


class Api:
    """One channel, and what its server can do."""

    def __init__(self, channel):
        self.channel = channel
        self.pool = descriptor_pool.DescriptorPool()
        self._factory = message_factory.MessageFactory(self.pool)
        self._files = set()

    def _ask(self, **question):
        ask = self.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=_Request.SerializeToString, response_deserializer=_Response.FromString)
        return next(iter(ask(iter([_Request(**question)]), timeout=20)))

    def services(self):
        return [s.name for s in self._ask(list_services="*").list_services_response.service]

    def _add(self, serialized):
        file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
        if file.name in self._files:
            return
        self._files.add(file.name)
        for dependency in file.dependency:
            if dependency not in self._files:
                for other in self._ask(file_by_filename=dependency).file_descriptor_response.file_descriptor_proto:
                    self._add(other)
        self.pool.Add(file)

    def service(self, name):
        try:
            return self.pool.FindServiceByName(name)
        except KeyError:
            for file in self._ask(file_containing_symbol=name).file_descriptor_response.file_descriptor_proto:
                self._add(file)
            return self.pool.FindServiceByName(name)

    def call(self, service, method, timeout=20, **fields):
        """Of a streaming method, the call to iterate over."""
        described = self.service(service).methods_by_name[method]
        request_type = self._factory.GetPrototype(described.input_type)
        response_type = self._factory.GetPrototype(described.output_type)
        proto = descriptor_pb2.MethodDescriptorProto()
        described.CopyToProto(proto)
        make = self.channel.unary_stream if proto.server_streaming else self.channel.unary_unary
        rpc = make("/%s/%s" % (service, method), request_serializer=request_type.SerializeToString,
                   response_deserializer=response_type.FromString)
        return rpc(json_format.ParseDict(fields, request_type()), timeout=timeout)

    def error_info(self, error):
        """(reason, metadata) of a grpc.RpcError, by the google.rpc types that the server knows."""
        details = dict(error.trailing_metadata() or []).get("grpc-status-details-bin")
        if details is None:
            return "", {}
        for field, value in _fields(details):
            if field == 3:
                any_fields = dict(_fields(value))
                if any_fields.get(1, b"").endswith(b"google.rpc.ErrorInfo"):
                    info = list(_fields(any_fields.get(2, b"")))
                    metadata = {}
                    for number, entry in info:
                        if number == 3:
                            pair = dict(_fields(entry))
                            metadata[pair[1].decode()] = pair.get(2, b"").decode()
                    return dict(info)[1].decode(), metadata
        return "", {}


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _fields(data):
    """(number, value) of a serialized message's fields; google.rpc is nowhere in the service's own files."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
        else:
            length, at = _varint(data, at)
            value, at = data[at:at + length], at + length
        yield key >> 3, value
