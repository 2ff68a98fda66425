#include "term/sgr_writer.h"

namespace mosh::term {
namespace {

// Sequences in the making, on the stack. The longest: a reset, six attributes, two direct colours
// (each 38;2;255;255;255) and the extras.
class SgrBuffer {
 public:
  // Adds a parameter to the open sequence, or opens one.
  void Parameter(int value) {
    if (open_) {
      buffer_[length_++] = ';';
    } else {
      buffer_[length_++] = '\x1b';
      buffer_[length_++] = '[';
      open_ = true;
    }
    Number(value);
  }
  // `value:sub` in a sequence of its own.
  void SubParameter(int value, int sub) {
    Close();
    Parameter(value);
    buffer_[length_++] = ':';
    Number(sub);
    Close();
  }
  void Close() {
    if (open_) buffer_[length_++] = 'm';
    open_ = false;
  }
  // A reset without parameters, closed.
  void Reset() {
    buffer_[length_++] = '\x1b';
    buffer_[length_++] = '[';
    buffer_[length_++] = 'm';
  }
  const char* data() const { return buffer_; }
  size_t length() const { return length_; }

 private:
  void Number(int value) {
    if (value >= 100) buffer_[length_++] = static_cast<char>('0' + value / 100);
    if (value >= 10) buffer_[length_++] = static_cast<char>('0' + value / 10 % 10);
    buffer_[length_++] = static_cast<char>('0' + value % 10);
  }

  char buffer_[128];
  uint8_t length_ = 0;
  bool open_ = false;
};

// `base` is 30 or 40.
void WriteColor(Color color, int base, SgrBuffer* out) {
  switch (color.kind()) {
    case Color::Kind::kDefault:
      out->Parameter(base + 9);
      return;
    case Color::Kind::kPalette:
      if (color.index() < 8) {
        out->Parameter(base + color.index());
      } else if (color.index() < 16) {
        out->Parameter(base + 60 + color.index() - 8);
      } else {
        out->Parameter(base + 8);
        out->Parameter(5);
        out->Parameter(color.index());
      }
      return;
    case Color::Kind::kRgb:
      out->Parameter(base + 8);
      out->Parameter(2);
      out->Parameter(color.red());
      out->Parameter(color.green());
      out->Parameter(color.blue());
      return;
  }
}

// An attribute that is a switch of its own, and that stock knows.
struct Switch {
  Attribute attribute;
  uint8_t on;
  uint8_t off;
};
constexpr Switch kSwitches[] = {
    {Attribute::kItalic, 3, 23},
    {Attribute::kBlink, 5, 25},
    {Attribute::kInverse, 7, 27},
    {Attribute::kInvisible, 8, 28},
};

// The attributes that stock does not know. Each has its own sequence there, so that a reader that
// stops at an unknown number has understood everything else.
struct ExtraWriter {
  SgrBuffer* out;
  SgrStyle style;

  void Parameter(int value) {
    if (style == SgrStyle::kStock) out->Close();
    out->Parameter(value);
  }
};

bool SingleLike(Underline underline) { return underline != Underline::kNone; }

// From a pen that differs from `to` only in what stock does not know.
void WriteExtras(const Rendition& from, const Rendition& to, SgrStyle style, SgrBuffer* out) {
  ExtraWriter extras{out, style};
  if (to.has(Attribute::kFaint) && !from.has(Attribute::kFaint)) extras.Parameter(2);
  if (to.has(Attribute::kStrike) != from.has(Attribute::kStrike)) {
    extras.Parameter(to.has(Attribute::kStrike) ? 9 : 29);
  }
  if (to.has(Attribute::kOverline) != from.has(Attribute::kOverline)) {
    extras.Parameter(to.has(Attribute::kOverline) ? 53 : 55);
  }
  if (to.underline() != from.underline()) {
    if (to.underline() == Underline::kDouble) extras.Parameter(21);
    if (to.underline() > Underline::kDouble && style == SgrStyle::kModern) {
      out->SubParameter(4, static_cast<int>(to.underline()));
    }
  }
  out->Close();
}

void WriteDelta(const Rendition& from, const Rendition& to, SgrStyle style, SgrBuffer* out) {
  Rendition pen = from;
  // 22 ends bold and faint together (in stock only bold).
  const bool bold_ends = from.has(Attribute::kBold) && !to.has(Attribute::kBold);
  const bool faint_ends = from.has(Attribute::kFaint) && !to.has(Attribute::kFaint);
  if (bold_ends || faint_ends) {
    out->Parameter(22);
    pen.set(Attribute::kBold, false);
    pen.set(Attribute::kFaint, false);
  }
  if (to.has(Attribute::kBold) && !pen.has(Attribute::kBold)) out->Parameter(1);
  for (const Switch& item : kSwitches) {
    const bool on = to.has(item.attribute);
    if (on != from.has(item.attribute)) out->Parameter(on ? item.on : item.off);
  }
  if (from.underline() != to.underline()) {
    if (!SingleLike(to.underline())) {
      out->Parameter(24);
    } else if (to.underline() == Underline::kSingle || !SingleLike(from.underline()) ||
               style == SgrStyle::kStock) {
      // For readers that know only this one; it also replaces any other kind.
      out->Parameter(4);
      pen.set_underline(Underline::kSingle);
    }
  }
  if (from.foreground() != to.foreground()) WriteColor(to.foreground(), 30, out);
  if (from.background() != to.background()) WriteColor(to.background(), 40, out);
  WriteExtras(pen, to, style, out);
}

void WriteFromReset(const Rendition& to, SgrStyle style, SgrBuffer* out) {
  if (to == Rendition()) {
    out->Reset();
    return;
  }
  out->Parameter(0);
  WriteDelta(Rendition(), to, style, out);
}

// Returns whichever buffer is shorter.
const SgrBuffer& WriteShortest(const Rendition& from, const Rendition& to, SgrStyle style,
                               SgrBuffer* delta, SgrBuffer* reset) {
  WriteDelta(from, to, style, delta);
  if (delta->length() <= 4) return *delta;  // A reset takes at least 3, and is rarely right.
  WriteFromReset(to, style, reset);
  return delta->length() <= reset->length() ? *delta : *reset;
}

}  // namespace

void AppendSgr(const Rendition& from, const Rendition& to, SgrStyle style, std::string* out) {
  if (from == to) return;
  SgrBuffer delta;
  SgrBuffer reset;
  const SgrBuffer& best = WriteShortest(from, to, style, &delta, &reset);
  out->append(best.data(), best.length());
}

size_t SgrLength(const Rendition& from, const Rendition& to, SgrStyle style) {
  if (from == to) return 0;
  SgrBuffer delta;
  SgrBuffer reset;
  return WriteShortest(from, to, style, &delta, &reset).length();
}

}  // namespace mosh::term
