// Any bytes, in both dialects, with resizes in between: nothing aborts, the invariants of a Screen
// hold, cutting the bytes differently changes nothing, snapshots stay as they were, and diffs never
// cause replies.
//
// Input: columns, rows, then bytes to feed; FF 'R' columns rows resizes, FF 'S' takes a snapshot.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "term/terminal.h"
#include "term/testing/screen_invariants.h"

namespace mosh::term {
namespace {

void Require(bool condition, const char* what, const std::string& detail = "") {
  if (condition) return;
  std::fprintf(stderr, "%s\n%s\n", what, detail.c_str());
  std::abort();
}

void RequireSound(const Screen& screen) {
  const std::string broken = BrokenInvariant(screen);
  Require(broken.empty(), broken.c_str(), DumpScreen(screen));
}

void Run(absl::string_view input, Dialect dialect) {
  if (input.size() < 2) return;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(input[i]); };
  const Size size{byte(0) % 130, byte(1) % 50};
  input.remove_prefix(2);
  Terminal whole(size, dialect);
  Terminal bytewise(size, dialect);
  std::optional<Screen> snapshot;
  std::string snapshot_text;
  while (!input.empty()) {
    const size_t mark = input.substr(1).find('\xFF');
    absl::string_view part = input.substr(0, mark == absl::string_view::npos ? mark : mark + 1);
    input.remove_prefix(part.size());
    if (part.size() >= 4 && part[0] == '\xFF' && part[1] == 'R') {
      const Size to{static_cast<uint8_t>(part[2]) % 130, static_cast<uint8_t>(part[3]) % 50};
      whole.Resize(to);
      bytewise.Resize(to);
      part.remove_prefix(4);
    } else if (part.size() >= 2 && part[0] == '\xFF' && part[1] == 'S') {
      snapshot = whole.Snapshot();
      snapshot_text = DumpScreen(*snapshot);
      part.remove_prefix(2);
    }
    whole.Feed(part);
    for (const char& c : part) bytewise.Feed(absl::string_view(&c, 1));
    RequireSound(whole.screen());
    if (snapshot.has_value()) {
      Require(DumpScreen(*snapshot) == snapshot_text, "snapshot changed", snapshot_text);
    }
  }
  Require(whole.screen() == bytewise.screen(), "depends on how the bytes are cut",
          DumpScreen(whole.screen()) + DumpScreen(bytewise.screen()));
  const std::string replies = whole.TakeReplies();
  Require(replies == bytewise.TakeReplies(), "replies depend on how the bytes are cut");
  Require(replies.empty() || dialect == Dialect::kProgram, "a diff caused a reply", replies);
}

}  // namespace
}  // namespace mosh::term

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  mosh::term::Run(input, mosh::term::Dialect::kProgram);
  mosh::term::Run(input, mosh::term::Dialect::kFrameDiff);
  return 0;
}
