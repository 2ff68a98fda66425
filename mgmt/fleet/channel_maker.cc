#include "mgmt/fleet/channel_maker.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace mosh::mgmt {
namespace {

constexpr std::chrono::seconds kLookAgain{1};
constexpr int kConnectTimeoutMs = 5'000;
constexpr int kFirstBackoffMs = 500;
constexpr int kLastBackoffMs = 5'000;
// Servers let clients ask so often whether they are still there.
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kMaxAnswerBytes = 4 * 1024 * 1024;
// Read ahead of a stream, so that a far node's snapshot doesn't wait for a round trip every 64 KiB.
constexpr int kLookAheadBytes = 512 * 1024;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  // A new channel is a new connection, and none of another's failures.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastBackoffMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookAheadBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return arguments;
}

// Empty: it can't be read.
std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return file ? text.str() : "";
}

}  // namespace

void ChannelMaker::ReadFilesIfChanged() {
  const auto now = std::chrono::steady_clock::now();
  if (credentials_ != nullptr && now < looked_ + kLookAgain) return;
  looked_ = now;
  std::string version;
  for (const std::string* path : {&files_.certificate, &files_.key, &files_.authorities}) {
    struct stat facts = {};
    stat(path->c_str(), &facts);
    absl::StrAppend(&version, facts.st_ino, " ", facts.st_size, " ", facts.st_mtim.tv_sec, ".",
                    facts.st_mtim.tv_nsec, "\n");
  }
  if (credentials_ != nullptr && version == version_) return;
  grpc::SslCredentialsOptions options;
  options.pem_cert_chain = ReadFile(files_.certificate);
  options.pem_private_key = ReadFile(files_.key);
  options.pem_root_certs = ReadFile(files_.authorities);
  // While a file is being replaced what was before does; the agent complains if it stays so. With
  // nothing before, connections fail and say why.
  const bool whole = !options.pem_cert_chain.empty() && !options.pem_private_key.empty() &&
                     !options.pem_root_certs.empty();
  if (!whole && credentials_ != nullptr) return;
  key_ = SharedKey::Read(options.pem_private_key);
  if (key_ != nullptr) options.pem_private_key = key_->name();
  credentials_ = grpc::SslCredentials(options);
  version_ = std::move(version);
}

std::shared_ptr<grpc::Channel> ChannelMaker::Make(const std::string& endpoint) {
  ReadFilesIfChanged();
  // A channel that connects anew needs its key, also when the files have another one by then.
  struct Kept {
    std::shared_ptr<const SharedKey> key;
    std::shared_ptr<grpc::Channel> channel;
  };
  const auto kept = std::make_shared<Kept>(
      Kept{key_, grpc::CreateCustomChannel(endpoint, credentials_, Arguments())});
  return std::shared_ptr<grpc::Channel>(kept, kept->channel.get());
}

}  // namespace mosh::mgmt
