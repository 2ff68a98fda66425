// The renderer's property: for any two screens of a program, a reader of the old one shows the new
// one after the frame, at rest. Input: columns, rows, target; then choices of a RandomProgram, or,
// from a byte FF on, plain output.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "term/renderer.h"
#include "term/terminal.h"
#include "term/testing/random_program.h"
#include "term/testing/rendered_difference.h"
#include "term/testing/screen_invariants.h"

namespace mosh::term {
namespace {

// Choices made by the fuzzer; 0 when it has no more to say.
class InputChoices {
 public:
  explicit InputChoices(absl::string_view input) : input_(input) {}
  uint32_t operator()(uint32_t limit) {
    if (input_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(input_[0]);
    input_.remove_prefix(1);
    return byte % limit;
  }
  bool done() const { return input_.empty(); }

 private:
  absl::string_view input_;
};

void Require(const std::string& wrong, const Screen& from, const Screen& to,
             const std::string& frame, const Terminal& reader) {
  if (wrong.empty()) return;
  std::fprintf(stderr, "%s\nfrom\n%sto\n%sframe %s\nshows\n%s", wrong.c_str(),
               DumpScreen(from).c_str(), DumpScreen(to).c_str(), Spell(frame).c_str(),
               DumpScreen(reader.screen()).c_str());
  std::abort();
}

void Run(absl::string_view input) {
  if (input.size() < 3) return;
  const auto byte = [&](int i) { return static_cast<uint8_t>(input[i]); };
  const Size size{byte(0) % 100 + 1, byte(1) % 30 + 1};
  const auto target = static_cast<RenderTarget>(byte(2) % 3);
  input.remove_prefix(3);
  const size_t raw = input.find('\xFF');
  absl::string_view plain =
      raw == absl::string_view::npos ? absl::string_view() : input.substr(raw + 1);
  InputChoices choices(input.substr(0, raw));
  const Choose choose = std::ref(choices);

  Terminal program(size, Dialect::kProgram);
  Screen from = program.Snapshot();
  Terminal reader(from,
                  target == RenderTarget::kRealTerminal ? Dialect::kProgram : Dialect::kFrameDiff);
  while (!choices.done() || !plain.empty()) {
    if (!choices.done()) program.Feed(RandomProgram(choose, size, 5));
    program.Feed(plain.substr(0, 20));
    plain.remove_prefix(std::min<size_t>(plain.size(), 20));
    const std::string frame = RenderFrame(&from, program.screen(), {.target = target});
    reader.Feed(frame);
    Require(RenderedDifference(program.screen(), reader.screen(), target), from, program.screen(),
            frame, reader);
    Require(UnrestOf(reader), from, program.screen(), frame, reader);
    from = program.Snapshot();
  }
}

}  // namespace
}  // namespace mosh::term

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mosh::term::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
