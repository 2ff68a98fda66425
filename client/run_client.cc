#include "client/run_client.h"

#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/short_slices.h"
#include "client/client_arguments.h"
#include "client/escape_key.h"
#include "client/exit_texts.h"
#include "client/locale_note.h"
#include "client/resume_file.h"
#include "client/session.h"
#include "client/terminal_guard.h"
#include "client/terminal_type.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/create_reactor.h"
#include "io/reactor.h"
#include "predict/engine.h"

namespace mosh::client {
namespace {

void Print(FILE* stream, absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stream);
  fflush(stream);
}

// An end before there was a session.
int Refuse(absl::string_view text) {
  Print(stderr, absl::StrCat(text, "\n"));
  Print(stdout, absl::StrCat("\n", kExitLine));
  return 1;
}

// The key as a key; the text is wiped whatever comes out.
absl::StatusOr<crypto::SessionKey> TakeKey(std::string& text) {
  absl::StatusOr<crypto::SessionKey> key = crypto::SessionKey::FromBase64(text);
  explicit_bzero(text.data(), text.size());
  text.clear();
  return key;
}

// `mode` is one that IsPredictionMode knows.
predict::Settings PredictionSettings(absl::string_view mode, const Environment& environment) {
  predict::Settings settings;
  if (mode == "never") settings.display = predict::Display::kNever;
  if (mode == "always") settings.display = predict::Display::kAlways;
  if (mode == "experimental") settings.display = predict::Display::kExperimental;
  settings.overwrite = environment("MOSH_PREDICTION_OVERWRITE") == "yes";
  return settings;
}

SessionConfig MakeConfig(const ClientRun& run, const TerminalType& type,
                         const io::SocketAddress& server, const Environment& environment) {
  SessionConfig config;
  config.server = server;
  config.escape_key = EscapeKey::FromEnvironment(environment("MOSH_ESCAPE_KEY"));
  if (environment("MOSH_TITLE_NOPREFIX").has_value()) config.title_prefix.clear();
  config.render = {.target = term::RenderTarget::kRealTerminal,
                   .ech = type.ech,
                   .bce = type.bce,
                   .title = type.title,
                   .synchronized_output = type.synchronized_output};
  const bool use_init = !environment("MOSH_NO_TERM_INIT").has_value();
  config.start_string = StartString(type, use_init);
  config.end_string = EndString(type, use_init);
  if (run.verbosity > 0) {
    config.log = [](absl::string_view text) {
      Print(stderr, absl::StrCat("mosh: ", text, "\r\n"));
    };
  }
  return config;
}

// What shall be printed one day must not be able to do more than that.
std::string OneLine(absl::string_view text) {
  std::string line(text);
  for (char& c : line) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return line;
}

// Where a session that begins keeps what --resume needs; null if it is not to.
std::unique_ptr<ResumeFile> KeepForResume(const ClientRun& run, const crypto::SessionKey& key,
                                          const Environment& environment) {
  const std::string folder = ResumeFolder(environment);
  const bool unwanted = !environment("MOSH_NO_RESUME").value_or("").empty();
  if (folder.empty() || unwanted || run.target.empty()) return nullptr;
  crypto::SystemRandom random;
  return std::make_unique<ResumeFile>(
      folder, NewResumeId(folder, random),
      ResumeState{.key = crypto::SessionKey::FromBytes(key.secret_bytes()),
                  .address = run.address,
                  .port = run.port,
                  .target = OneLine(run.target),
                  .started = absl::Now()});
}

struct SessionSetUp {
  io::Reactor* reactor;
  SessionTerminal terminal;
  SessionConfig config;
  crypto::SessionKey key;
};

// The session must die before the loop ends, with everything it holds of the reactor.
io::Task<void> RunSession(SessionSetUp* set_up, SessionEnd* end) {
  crypto::SystemRandom random;
  Session session(set_up->reactor, set_up->terminal, std::move(set_up->config),
                  std::move(set_up->key), &random);
  *end = co_await session.Run({});
}

}  // namespace

int RunClient(ClientRun run, const Environment& environment) {
  const std::string note = LocaleNote(LocaleCharset(), environment);
  const absl::StatusOr<TerminalType> type = LookUpTerminalType(environment("TERM").value_or(""));
  if (!type.ok()) return Refuse(absl::StrCat("Error: ", type.status().message()));
  const std::string mode = environment("MOSH_PREDICTION_DISPLAY").value_or("adaptive");
  if (!IsPredictionMode(mode)) {
    Print(stderr, absl::StrCat("Unknown prediction mode ", mode, ".\n"));
    return 1;
  }
  Print(stderr, note);
  auto guard = TerminalGuard::Create(STDIN_FILENO);
  if (!guard.ok()) {
    Print(stderr, absl::StrCat(guard.status().message(), "\n"));
    return 1;
  }
  absl::StatusOr<crypto::SessionKey> key = TakeKey(run.key);
  if (!key.ok()) return Refuse(absl::StrCat("Crypto exception: ", key.status().message()));
  const auto server = io::SocketAddress::Parse(run.address, run.port);
  if (!server.ok()) {
    return Refuse(
        absl::StrCat("Network exception: Bad IP address (", run.address, "): not numeric"));
  }
  auto reactor = io::CreateReactor();
  if (!reactor.ok()) return Refuse(absl::StrCat("Error: ", reactor.status().message()));
  auto input = (*reactor)->OpenTty(STDIN_FILENO);
  auto output = (*reactor)->OpenTty(STDOUT_FILENO);
  if (!input.ok()) return Refuse(absl::StrCat("Error: ", input.status().message()));
  if (!output.ok()) return Refuse(absl::StrCat("Error: ", output.status().message()));

  if (run.file == nullptr) run.file = KeepForResume(run, *key, environment);
  SessionSetUp set_up = {reactor->get(),
                         {input->get(), output->get(), input->get(), guard->get()},
                         MakeConfig(run, *type, *server, environment),
                         *std::move(key)};
  set_up.config.prediction = PredictionSettings(mode, environment);
  set_up.config.process = run.process;
  set_up.config.keeper = run.file.get();
  (*guard)->SetEndString(set_up.config.end_string);
  SessionEnd end;
  (*guard)->EnterRaw();
  PreferShortSlices();
  (*reactor)->Run(RunSession(&set_up, &end));
  (*guard)->LeaveRaw();
  Remainder remainder;
  if (run.file != nullptr) {
    if (end.kind == SessionEnd::Kind::kClean && !run.file->Forget().ok()) {
      Print(stderr, "The session's file for --resume could not be removed.\n");
    }
    if (run.file->exists()) remainder.id = run.file->id();
    remainder.resumed = run.process.incarnation > 0;
  }
  Print(stderr, ExitText(end, run.address, run.port_text, remainder));
  Print(stdout, kExitLine);
  return ExitStatus(end);
}

}  // namespace mosh::client
