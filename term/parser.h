// Parser: code points in, terminal events out. Knows no screen. See parser_table.h for the states.
//
// Sink is called synchronously:
//   void Print(char32_t);                    graphic character, or DEL
//   void Execute(uint8_t);                   C0 or C1 control
//   void EscDispatch(const Sequence&);
//   void CsiDispatch(const Sequence&);
//   void OscDispatch(absl::string_view text, bool complete, bool cancelled);
//   void DcsDispatch(const Sequence&, absl::string_view body, bool complete, bool cancelled);
// `complete`: nothing was dropped for length. `cancelled`: ended by CAN or SUB.
#ifndef TERM_PARSER_H_
#define TERM_PARSER_H_

#include <cstdint>
#include <string>

#include "term/parser_table.h"
#include "term/sequence.h"
#include "term/utf8.h"

namespace mosh::term {

class Parser {
 public:
  // Characters kept of an OSC (docs/spec/terminal.md §16), and of a DCS: enough for the DECRQSS
  // requests we answer.
  static constexpr int kMaxOscCharacters = 16384;
  static constexpr int kMaxDcsCharacters = 64;

  bool in_ground() const { return state_ == ParserState::kGround; }
  // Whether an ESC followed by `byte` is a complete escape sequence.
  static bool EndsEscape(uint8_t byte) {
    return byte < 0x80 && kParserTable[static_cast<size_t>(ParserState::kEscape)][byte].action ==
                              ParserAction::kEscDispatch;
  }
  // Scratch for a caller that parses a sequence itself while in ground.
  Sequence& sequence() { return sequence_; }

  template <class Sink>
  void Input(char32_t code_point, Sink& sink) {
    const auto column = code_point < kParserColumns ? static_cast<uint8_t>(code_point) : 'A';
    const Transition transition = kParserTable[static_cast<size_t>(state_)][column];
    const bool cancel = code_point == 0x18 || code_point == 0x1A;
    if (transition.enters) Leave(cancel, sink);
    switch (transition.action) {
      case ParserAction::kIgnore:
        break;
      case ParserAction::kPrint:
        sink.Print(code_point);
        break;
      case ParserAction::kExecute:
        sink.Execute(static_cast<uint8_t>(code_point));
        break;
      case ParserAction::kCollect:
        sequence_.Collect(column);
        break;
      case ParserAction::kParam:
        sequence_.Parameter(column);
        break;
      // A character beyond ASCII ends a sequence as 'A' does, but is no known function.
      case ParserAction::kEscDispatch:
        sequence_.Finish(FinalOf(code_point));
        sink.EscDispatch(sequence_);
        break;
      case ParserAction::kCsiDispatch:
        sequence_.Finish(FinalOf(code_point));
        sink.CsiDispatch(sequence_);
        break;
      case ParserAction::kDcsHook:
        sequence_.Finish(FinalOf(code_point));
        break;
      case ParserAction::kOscPut:
        Put(code_point, kMaxOscCharacters);
        break;
      case ParserAction::kDcsPut:
        Put(code_point, kMaxDcsCharacters);
        break;
    }
    state_ = transition.next;
    if (transition.enters) Enter();
  }

 private:
  static uint8_t FinalOf(char32_t code_point) {
    return code_point < 0x80 ? static_cast<uint8_t>(code_point) : 0;
  }

  template <class Sink>
  void Leave(bool cancelled, Sink& sink) {
    if (state_ == ParserState::kOsc) {
      sink.OscDispatch(text_, text_complete_, cancelled);
    } else if (state_ == ParserState::kDcsPassthrough) {
      sink.DcsDispatch(sequence_, text_, text_complete_, cancelled);
    }
  }

  void Enter() {
    switch (state_) {
      case ParserState::kEscape:
      case ParserState::kCsiEntry:
      case ParserState::kDcsEntry:
        sequence_.Clear();
        break;
      case ParserState::kOsc:
      case ParserState::kDcsPassthrough:
        if (text_.capacity() > 1024) text_ = std::string();  // An idle terminal stays small.
        text_.clear();
        text_characters_ = 0;
        text_complete_ = true;
        break;
      default:
        break;
    }
  }

  void Put(char32_t code_point, int limit) {
    if (text_characters_ >= limit) {
      text_complete_ = false;
      return;
    }
    ++text_characters_;
    AppendUtf8(code_point, &text_);
  }

  ParserState state_ = ParserState::kGround;
  bool text_complete_ = true;
  int text_characters_ = 0;
  Sequence sequence_;
  std::string text_;  // Of the OSC or DCS being collected.
};

}  // namespace mosh::term

#endif  // TERM_PARSER_H_
