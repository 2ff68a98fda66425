#include "mgmt/ctl/server_choice.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "io/owned_fd.h"
#include "server/control/runtime_directory.h"

namespace mosh::mgmt::ctl {
namespace {

// A page of sessions with many clients each.
constexpr int kMaxAnswerBytes = 64 * 1024 * 1024;

bool IsUnix(const std::string& address) { return absl::StartsWith(address, "unix:"); }

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("can't read the certificate or key ", path, ": ", strerror(errno)));
  }
  return text.str();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const ServerChoice& choice) {
  if (IsUnix(choice.address)) return grpc::InsecureChannelCredentials();
  const TlsFiles& files = choice.tls;
  if (files.cert.empty() || files.key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an agent at ", choice.address, " wants to know by certificate who asks",
        "\n  Give --tls-cert and --tls-key (and --tls-ca), or a context that has them."));
  }
  return TlsCredentials(files);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const TlsFiles& files) {
  grpc::SslCredentialsOptions options;
  for (const auto& [path, pem] : {std::pair(&files.ca, &options.pem_root_certs),
                                  std::pair(&files.cert, &options.pem_cert_chain),
                                  std::pair(&files.key, &options.pem_private_key)}) {
    if (path->empty()) continue;
    absl::StatusOr<std::string> text = ReadPem(*path);
    if (!text.ok()) return text.status();
    *pem = *std::move(text);
  }
  return grpc::SslCredentials(options);
}

absl::StatusOr<std::string> UsersDirectory(const Surroundings& surroundings) {
  return server::RuntimeDirectory(
      {.xdg_runtime_dir = surroundings.variable("XDG_RUNTIME_DIR"), .uid = getuid(), .root = ""});
}

bool SomebodyAccepts(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  memcpy(address.sun_path, path.data(), path.size());
  const io::OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd.valid() &&
         connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

absl::StatusOr<ServerChoice> ChooseServer(const ServerFlags& flags,
                                          const Surroundings& surroundings) {
  ServerChoice choice = {.address = flags.server, .tls = flags.tls, .fleet = flags.fleet};
  if (!choice.fleet.etcd.empty()) return choice;
  if (choice.address.empty() && flags.context.empty()) {
    choice.address = surroundings.variable("MOSHCTL_SERVER");
  }
  if (choice.address.empty()) {
    absl::StatusOr<Config> config = ReadConfig(surroundings);
    if (!config.ok()) return config.status();
    const std::string& name = flags.context.empty() ? config->current_context : flags.context;
    if (!name.empty()) {
      absl::StatusOr<Context> context = config->Find(name);
      if (!context.ok()) return context.status();
      choice.address = context->server;
      choice.fleet = context->fleet;
      if (choice.tls.ca.empty()) choice.tls.ca = context->tls.ca;
      if (choice.tls.cert.empty()) choice.tls.cert = context->tls.cert;
      if (choice.tls.key.empty()) choice.tls.key = context->tls.key;
    }
  }
  if (!choice.fleet.etcd.empty()) return choice;
  if (!choice.address.empty()) {
    if (choice.address[0] == '/') choice.address = absl::StrCat("unix:", choice.address);
    return choice;
  }
  if (SomebodyAccepts(surroundings.system_socket)) {
    choice.address = absl::StrCat("unix:", surroundings.system_socket);
    return choice;
  }
  const absl::StatusOr<std::string> directory = UsersDirectory(surroundings);
  if (!directory.ok()) return directory.status();
  const std::string own = absl::StrCat(*directory, "/agent.sock");
  if (SomebodyAccepts(own)) choice.address = absl::StrCat("unix:", own);
  return choice;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ServerChoice& choice) {
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = Credentials(choice);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  return grpc::CreateCustomChannel(choice.address, *credentials, arguments);
}

}  // namespace mosh::mgmt::ctl
