#include "mgmt/etcd/read_once.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "etcd/rpc.grpc.pb.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"
#include "mgmt/etcd/prefix_end.h"

namespace mosh::mgmt::etcd {
namespace {

constexpr int kMaxAnswerBytes = 64 * 1024 * 1024;

}  // namespace

absl::StatusOr<Snapshot> ReadOnce(const std::vector<std::string>& endpoints,
                                  const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                  const std::string& prefix, absl::Duration timeout) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  etcdserverpb::RangeRequest request;
  request.set_key(prefix);
  request.set_range_end(PrefixEnd(prefix));
  std::string failures;
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  for (const std::string& endpoint : endpoints) {
    grpc::ClientContext context;
    context.AddMetadata("hasleader", "true");
    context.set_deadline(
        absl::ToChronoTime(absl::Now() + timeout / static_cast<int64_t>(endpoints.size())));
    etcdserverpb::RangeResponse response;
    const grpc::Status status =
        etcdserverpb::KV::NewStub(grpc::CreateCustomChannel(endpoint, credentials, arguments))
            ->Range(&context, request, &response);
    if (!status.ok()) {
      absl::StrAppend(&failures, failures.empty() ? "" : "; ", "etcd at ", endpoint, ": ",
                      status.error_message());
      code = static_cast<absl::StatusCode>(status.error_code());
      continue;
    }
    Snapshot snapshot;
    snapshot.revision = response.header().revision();
    for (etcdserverpb::KeyValue& entry : *response.mutable_kvs()) {
      snapshot.values.push_back({std::move(*entry.mutable_key()), std::move(*entry.mutable_value()),
                                 entry.mod_revision()});
    }
    return snapshot;
  }
  return absl::Status(code, failures);
}

}  // namespace mosh::mgmt::etcd
