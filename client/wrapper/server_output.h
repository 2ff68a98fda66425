// Reads what ssh and mosh-server print, looking for the lines that start a session
// (docs/spec/cli.md §2.8).
//
// Pure: bytes in, an outcome and the text to show the user out. Bounded: a line longer than 64 KiB
// is shown in pieces.
#ifndef CLIENT_WRAPPER_SERVER_OUTPUT_H_
#define CLIENT_WRAPPER_SERVER_OUTPUT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace mosh::client {

class ServerOutput {
 public:
  // `address` is what is known before ssh runs ("" if nothing); a server's own idea of it is then
  // ignored.
  explicit ServerOutput(std::string address)
      : address_(std::move(address)), fixed_(!address_.empty()) {}

  enum class State {
    kReading,
    kConnected,  // port() and key() are there: stop reading
    kFailed,     // failure() says why: stop reading
  };
  // Takes more output; appends what the user shall see to `show`. Bytes after the end are ignored.
  State Feed(absl::string_view bytes, std::string& show);
  // No more will come: an unfinished last line counts as a line.
  State Finish(std::string& show);

  // Numeric address of the server; empty if none was learnt.
  const std::string& address() const { return address_; }
  // The address came from the server's own SSH_CONNECTION.
  bool address_from_server() const { return from_server_; }
  const std::string& port() const { return port_; }
  // 22 characters. Secret.
  const std::string& key() const { return key_; }
  // Without the program's name where stock has none ("Bad MOSH IP string: …").
  const std::string& failure() const { return failure_; }
  // Everything shown so far (at most 16 KiB of its end): diagnosis reads it.
  const std::string& seen() const { return seen_; }

  // Overwrites the key and what is left of the line that carried it.
  void WipeKey();

 private:
  void TakeLine(absl::string_view line, std::string& show);
  void TakeAddress(absl::string_view line);
  void TakeSshConnection(absl::string_view line);
  void TakeConnect(absl::string_view line);
  void Show(absl::string_view text, std::string& show);
  void Fail(std::string why);

  State state_ = State::kReading;
  std::string address_;
  bool fixed_;
  bool from_server_ = false;
  std::string port_;
  std::string key_;
  std::string failure_;
  std::string partial_;
  std::string seen_;
};

}  // namespace mosh::client

#endif  // CLIENT_WRAPPER_SERVER_OUTPUT_H_
