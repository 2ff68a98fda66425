#include "mgmt/ctl/follow_screen.h"

#include <memory>
#include <optional>
#include <string>

#include "mgmt/ctl/keys.h"
#include "mgmt/ctl/screen_mirror.h"
#include "mgmt/ctl/stream_reader.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

using Reader = StreamReader<fleet::ScreenFrame>;

void Apply(const fleet::ScreenFrame& frame, ScreenMirror* mirror) {
  const term::Size size = term::ClampSize({frame.size().columns(), frame.size().rows()});
  if (frame.restart()) {
    mirror->Begin(size);
  } else {
    mirror->SetSize(size);
  }
  mirror->Feed(frame.ansi());
}

bool WantsToQuit(const std::string& typed) {
  if (typed.empty()) return true;
  for (const Key& key : DecodeKeys(typed)) {
    if (key.kind == Key::kInterrupt || key.text == "q") return true;
  }
  return false;
}

// How the stream ended, if it isn't just that the session did.
absl::Status EndOf(const grpc::Status& status, const Api& api, const Surroundings& surroundings) {
  if (status.ok() || status.error_code() == grpc::StatusCode::NOT_FOUND) {
    surroundings.Remark("the session has ended");
    return absl::OkStatus();
  }
  return api.Explain(status);
}

// How the stream ended; nullopt: the user has had enough, or is gone.
std::optional<grpc::Status> Follow(Reader& reader, LiveTerminal& terminal, LiveSignals& signals) {
  ScreenMirror mirror(&terminal);
  while (true) {
    while (std::optional<fleet::ScreenFrame> frame = reader.Take()) {
      Apply(*frame, &mirror);
      if (!mirror.Draw()) return std::nullopt;
    }
    if (std::optional<grpc::Status> end = reader.end()) return end;
    const LiveTerminal::Ready ready = terminal.Wait(signals, reader.fd(), absl::InfiniteDuration());
    if (ready.typed && WantsToQuit(terminal.Read())) return std::nullopt;
    while (const std::optional<int> signal = signals.Take()) {
      if (*signal != SIGWINCH) return std::nullopt;
      mirror.OnTerminalResized();
      if (!mirror.Draw()) return std::nullopt;
    }
  }
}

}  // namespace

absl::Status FollowScreen(Api& api, const fleet::StreamScreenRequest& request,
                          const Surroundings& surroundings, LiveSignals& signals) {
  Reader reader([stub = api.stub(), request](grpc::ClientContext* context) {
    return stub->StreamScreen(context, request);
  });
  // Before the terminal is taken over: a refusal is said on a quiet line.
  if (!WaitForNews(reader, api.timeout())) {
    return api.Explain(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
  }
  if (const std::optional<grpc::Status> end = reader.end()) {
    const absl::StatusOr<Api*> other = api.Elsewhere(*end);
    if (!other.ok()) return other.status();
    if (*other == nullptr) return api.Explain(*end);
    return FollowScreen(**other, request, surroundings, signals);
  }
  std::optional<grpc::Status> end;
  {
    auto terminal = LiveTerminal::Open(surroundings.terminal_in, surroundings.terminal_out);
    if (!terminal.ok()) return terminal.status();
    end = Follow(reader, **terminal, signals);
  }
  return end ? EndOf(*end, api, surroundings) : absl::OkStatus();
}

}  // namespace mosh::mgmt::ctl
