// State table of the VT500 parser. Source: Paul Williams' diagram (vt100.net/emu/dec_ansi_parser)
// as amended by docs/spec/terminal.md §3. Deviations from the diagram:
//   - input is code points; everything from U+00A0 up takes the column of 'A';
//   - U+0080-U+009F are C1 controls in every state;
//   - OSC also ends at BEL;
//   - ':' is a parameter character (stock discards sequences with colons: Dialect::kFrameDiff does
//   so at dispatch).
//
// The table is built at compile time. A transition given twice, or missing, does not compile.
#ifndef TERM_PARSER_TABLE_H_
#define TERM_PARSER_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace mosh::term {

enum class ParserState : uint8_t {
  kGround,
  kEscape,
  kEscapeIntermediate,
  kCsiEntry,
  kCsiParam,
  kCsiIntermediate,
  kCsiIgnore,
  kDcsEntry,
  kDcsParam,
  kDcsIntermediate,
  kDcsPassthrough,
  kDcsIgnore,
  kOsc,
  kString,  // SOS, PM, APC
};
inline constexpr size_t kParserStates = 14;

enum class ParserAction : uint8_t {
  kIgnore,
  kPrint,
  kExecute,
  kCollect,
  kParam,
  kEscDispatch,
  kCsiDispatch,
  kOscPut,
  kDcsHook,
  kDcsPut,
};

struct Transition {
  ParserAction action = ParserAction::kIgnore;
  ParserState next = ParserState::kGround;
  bool enters = false;  // Exit and entry actions run, even if the state is entered from itself.
  bool defined = false;
};

inline constexpr size_t kParserColumns = 0xA0;
using ParserTable = std::array<std::array<Transition, kParserColumns>, kParserStates>;

namespace internal {

// Not constexpr: calling one of these while building the table is a compile error that names it.
void TransitionGivenTwice();
void TransitionMissing();

class ParserTableBuilder {
 public:
  using State = ParserState;
  using Action = ParserAction;

  // Stays in `state`.
  constexpr void On(State state, int first, int last, Action action) {
    Set(state, first, last, {action, state, false, true});
  }
  // Leaves for `next`.
  constexpr void To(State state, int first, int last, Action action, State next) {
    Set(state, first, last, {action, next, true, true});
  }
  constexpr void Anywhere(int first, int last, Action action, State next) {
    for (size_t state = 0; state < kParserStates; ++state) {
      To(static_cast<State>(state), first, last, action, next);
    }
  }
  // C0 controls other than CAN, SUB and ESC, which leave every state.
  constexpr void OnC0(State state, Action action) {
    On(state, 0x00, 0x17, action);
    On(state, 0x19, 0x19, action);
    On(state, 0x1C, 0x1F, action);
  }
  constexpr ParserTable Build() const {
    for (const auto& row : table_) {
      for (const Transition& transition : row) {
        if (!transition.defined) TransitionMissing();
      }
    }
    return table_;
  }

 private:
  constexpr void Set(State state, int first, int last, Transition transition) {
    for (int column = first; column <= last; ++column) {
      Transition& slot = table_[static_cast<size_t>(state)][column];
      if (slot.defined) TransitionGivenTwice();
      slot = transition;
    }
  }
  ParserTable table_{};
};

constexpr void AddAnywhere(ParserTableBuilder& t) {
  using enum ParserState;
  using enum ParserAction;
  t.Anywhere(0x18, 0x18, kExecute, kGround);
  t.Anywhere(0x1A, 0x1A, kExecute, kGround);
  t.Anywhere(0x1B, 0x1B, kIgnore, kEscape);
  t.Anywhere(0x80, 0x8F, kExecute, kGround);
  t.Anywhere(0x90, 0x90, kIgnore, kDcsEntry);
  t.Anywhere(0x91, 0x97, kExecute, kGround);
  t.Anywhere(0x98, 0x98, kIgnore, kString);
  t.Anywhere(0x99, 0x9A, kExecute, kGround);
  t.Anywhere(0x9B, 0x9B, kIgnore, kCsiEntry);
  t.Anywhere(0x9C, 0x9C, kIgnore, kGround);
  t.Anywhere(0x9D, 0x9D, kIgnore, kOsc);
  t.Anywhere(0x9E, 0x9F, kIgnore, kString);
}

constexpr void AddGroundAndEscape(ParserTableBuilder& t) {
  using enum ParserState;
  using enum ParserAction;
  t.OnC0(kGround, kExecute);
  t.On(kGround, 0x20, 0x7F, kPrint);

  t.OnC0(kEscape, kExecute);
  t.To(kEscape, 0x20, 0x2F, kCollect, kEscapeIntermediate);
  t.To(kEscape, 0x30, 0x4F, kEscDispatch, kGround);
  t.To(kEscape, 0x50, 0x50, kIgnore, kDcsEntry);
  t.To(kEscape, 0x51, 0x57, kEscDispatch, kGround);
  t.To(kEscape, 0x58, 0x58, kIgnore, kString);
  t.To(kEscape, 0x59, 0x5A, kEscDispatch, kGround);
  t.To(kEscape, 0x5B, 0x5B, kIgnore, kCsiEntry);
  t.To(kEscape, 0x5C, 0x5C, kEscDispatch, kGround);
  t.To(kEscape, 0x5D, 0x5D, kIgnore, kOsc);
  t.To(kEscape, 0x5E, 0x5F, kIgnore, kString);
  t.To(kEscape, 0x60, 0x7E, kEscDispatch, kGround);
  t.On(kEscape, 0x7F, 0x7F, kIgnore);

  t.OnC0(kEscapeIntermediate, kExecute);
  t.On(kEscapeIntermediate, 0x20, 0x2F, kCollect);
  t.To(kEscapeIntermediate, 0x30, 0x7E, kEscDispatch, kGround);
  t.On(kEscapeIntermediate, 0x7F, 0x7F, kIgnore);
}

constexpr void AddCsi(ParserTableBuilder& t) {
  using enum ParserState;
  using enum ParserAction;
  t.OnC0(kCsiEntry, kExecute);
  t.To(kCsiEntry, 0x20, 0x2F, kCollect, kCsiIntermediate);
  t.To(kCsiEntry, 0x30, 0x3B, kParam, kCsiParam);
  t.To(kCsiEntry, 0x3C, 0x3F, kCollect, kCsiParam);
  t.To(kCsiEntry, 0x40, 0x7E, kCsiDispatch, kGround);
  t.On(kCsiEntry, 0x7F, 0x7F, kIgnore);

  t.OnC0(kCsiParam, kExecute);
  t.To(kCsiParam, 0x20, 0x2F, kCollect, kCsiIntermediate);
  t.On(kCsiParam, 0x30, 0x3B, kParam);
  t.To(kCsiParam, 0x3C, 0x3F, kIgnore, kCsiIgnore);
  t.To(kCsiParam, 0x40, 0x7E, kCsiDispatch, kGround);
  t.On(kCsiParam, 0x7F, 0x7F, kIgnore);

  t.OnC0(kCsiIntermediate, kExecute);
  t.On(kCsiIntermediate, 0x20, 0x2F, kCollect);
  t.To(kCsiIntermediate, 0x30, 0x3F, kIgnore, kCsiIgnore);
  t.To(kCsiIntermediate, 0x40, 0x7E, kCsiDispatch, kGround);
  t.On(kCsiIntermediate, 0x7F, 0x7F, kIgnore);

  t.OnC0(kCsiIgnore, kExecute);
  t.On(kCsiIgnore, 0x20, 0x3F, kIgnore);
  t.To(kCsiIgnore, 0x40, 0x7E, kIgnore, kGround);
  t.On(kCsiIgnore, 0x7F, 0x7F, kIgnore);
}

constexpr void AddDcs(ParserTableBuilder& t) {
  using enum ParserState;
  using enum ParserAction;
  t.OnC0(kDcsEntry, kIgnore);
  t.To(kDcsEntry, 0x20, 0x2F, kCollect, kDcsIntermediate);
  t.To(kDcsEntry, 0x30, 0x39, kParam, kDcsParam);
  t.To(kDcsEntry, 0x3A, 0x3A, kIgnore, kDcsIgnore);
  t.To(kDcsEntry, 0x3B, 0x3B, kParam, kDcsParam);
  t.To(kDcsEntry, 0x3C, 0x3F, kCollect, kDcsParam);
  t.To(kDcsEntry, 0x40, 0x7E, kDcsHook, kDcsPassthrough);
  t.On(kDcsEntry, 0x7F, 0x7F, kIgnore);

  t.OnC0(kDcsParam, kIgnore);
  t.To(kDcsParam, 0x20, 0x2F, kCollect, kDcsIntermediate);
  t.On(kDcsParam, 0x30, 0x39, kParam);
  t.To(kDcsParam, 0x3A, 0x3A, kIgnore, kDcsIgnore);
  t.On(kDcsParam, 0x3B, 0x3B, kParam);
  t.To(kDcsParam, 0x3C, 0x3F, kIgnore, kDcsIgnore);
  t.To(kDcsParam, 0x40, 0x7E, kDcsHook, kDcsPassthrough);
  t.On(kDcsParam, 0x7F, 0x7F, kIgnore);

  t.OnC0(kDcsIntermediate, kIgnore);
  t.On(kDcsIntermediate, 0x20, 0x2F, kCollect);
  t.To(kDcsIntermediate, 0x30, 0x3F, kIgnore, kDcsIgnore);
  t.To(kDcsIntermediate, 0x40, 0x7E, kDcsHook, kDcsPassthrough);
  t.On(kDcsIntermediate, 0x7F, 0x7F, kIgnore);

  t.OnC0(kDcsPassthrough, kDcsPut);
  t.On(kDcsPassthrough, 0x20, 0x7E, kDcsPut);
  t.On(kDcsPassthrough, 0x7F, 0x7F, kIgnore);

  t.OnC0(kDcsIgnore, kIgnore);
  t.On(kDcsIgnore, 0x20, 0x7F, kIgnore);
}

constexpr void AddStrings(ParserTableBuilder& t) {
  using enum ParserState;
  using enum ParserAction;
  t.On(kOsc, 0x00, 0x06, kIgnore);
  t.To(kOsc, 0x07, 0x07, kIgnore, kGround);
  t.On(kOsc, 0x08, 0x17, kIgnore);
  t.On(kOsc, 0x19, 0x19, kIgnore);
  t.On(kOsc, 0x1C, 0x1F, kIgnore);
  t.On(kOsc, 0x20, 0x7F, kOscPut);

  t.OnC0(kString, kIgnore);
  t.On(kString, 0x20, 0x7F, kIgnore);
}

constexpr ParserTable BuildParserTable() {
  ParserTableBuilder builder;
  AddAnywhere(builder);
  AddGroundAndEscape(builder);
  AddCsi(builder);
  AddDcs(builder);
  AddStrings(builder);
  return builder.Build();
}

}  // namespace internal

inline constexpr ParserTable kParserTable = internal::BuildParserTable();

}  // namespace mosh::term

#endif  // TERM_PARSER_TABLE_H_
