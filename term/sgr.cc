#include "term/sgr.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

namespace mosh::term {
namespace {

constexpr int kExtendedPalette = 5;
constexpr int kExtendedRgb = 2;

uint8_t Component(int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); }

// What follows 38, 48 or 58.
struct ExtendedColor {
  int consumed;  // Parameters after the 38; 0: incomplete, stop.
  std::optional<Color> color;
};

// `38;5;n`, `38;2;r;g;b`.
ExtendedColor ParseFlatColor(const Sequence& sequence, int index) {
  const int left = sequence.count() - index;
  const int kind = left > 0 ? sequence.raw(index) : Sequence::kMissing;
  if (kind == kExtendedPalette && left >= 2) {
    const int value = sequence.Get(index + 1, 0);
    if (value > 255) return {2, std::nullopt};
    return {2, Color::Palette(static_cast<uint8_t>(value))};
  }
  if (kind == kExtendedRgb && left >= 4) {
    return {4,
            Color::Rgb(Component(sequence.Get(index + 1, 0)), Component(sequence.Get(index + 2, 0)),
                       Component(sequence.Get(index + 3, 0)))};
  }
  return {0, std::nullopt};
}

// `38:5:n`, `38:2::r:g:b` (a colour space comes first) and the common misspelling `38:2:r:g:b`.
// `count` sub-parameters.
std::optional<Color> ParseColonColor(const Sequence& sequence, int index, int count) {
  const int kind = sequence.raw(index);
  if (kind == kExtendedPalette && count >= 2) {
    const int value = sequence.Get(index + 1, 0);
    if (value > 255) return std::nullopt;
    return Color::Palette(static_cast<uint8_t>(value));
  }
  if (kind == kExtendedRgb && count >= 4) {
    const int red = index + (count >= 5 ? 2 : 1);
    return Color::Rgb(Component(sequence.Get(red, 0)), Component(sequence.Get(red + 1, 0)),
                      Component(sequence.Get(red + 2, 0)));
  }
  return std::nullopt;
}

void ApplySimple(int code, Rendition* rendition) {
  switch (code) {
    case 0:
      *rendition = Rendition();
      return;
    case 1:
      return rendition->set(Attribute::kBold, true);
    case 2:
      return rendition->set(Attribute::kFaint, true);
    case 3:
      return rendition->set(Attribute::kItalic, true);
    case 4:
      return rendition->set_underline(Underline::kSingle);
    case 5:
      return rendition->set(Attribute::kBlink, true);
    case 7:
      return rendition->set(Attribute::kInverse, true);
    case 8:
      return rendition->set(Attribute::kInvisible, true);
    case 9:
      return rendition->set(Attribute::kStrike, true);
    case 21:
      return rendition->set_underline(Underline::kDouble);
    case 22:
      rendition->set(Attribute::kBold, false);
      return rendition->set(Attribute::kFaint, false);
    case 23:
      return rendition->set(Attribute::kItalic, false);
    case 24:
      return rendition->set_underline(Underline::kNone);
    case 25:
      return rendition->set(Attribute::kBlink, false);
    case 27:
      return rendition->set(Attribute::kInverse, false);
    case 28:
      return rendition->set(Attribute::kInvisible, false);
    case 29:
      return rendition->set(Attribute::kStrike, false);
    case 39:
      return rendition->set_foreground(Color());
    case 49:
      return rendition->set_background(Color());
    case 53:
      return rendition->set(Attribute::kOverline, true);
    case 55:
      return rendition->set(Attribute::kOverline, false);
    default:
      break;
  }
  if (code >= 30 && code <= 37) rendition->set_foreground(Color::Palette(code - 30));
  if (code >= 40 && code <= 47) rendition->set_background(Color::Palette(code - 40));
  if (code >= 90 && code <= 97) rendition->set_foreground(Color::Palette(code - 90 + 8));
  if (code >= 100 && code <= 107) rendition->set_background(Color::Palette(code - 100 + 8));
}

// A parameter with `count` sub-parameters after it.
void ApplyGroup(const Sequence& sequence, int index, int count, Rendition* rendition) {
  const int code = sequence.Get(index, 0);
  if (code == 4) {
    const int style = sequence.Get(index + 1, 0);
    if (style <= static_cast<int>(Underline::kDashed)) {
      rendition->set_underline(static_cast<Underline>(style));
    }
  } else if (code == 38 || code == 48) {
    const std::optional<Color> color = ParseColonColor(sequence, index + 1, count);
    if (!color.has_value()) return;
    code == 38 ? rendition->set_foreground(*color) : rendition->set_background(*color);
  }
}

void AppendColor(Color color, int base, std::string* out) {
  switch (color.kind()) {
    case Color::Kind::kDefault:
      break;
    case Color::Kind::kPalette:
      if (color.index() < 8) {
        absl::StrAppend(out, ";", base + color.index());
      } else {
        absl::StrAppend(out, ";", base + 8, ";5;", color.index());
      }
      break;
    case Color::Kind::kRgb:
      absl::StrAppend(out, ";", base + 8, ";2;", color.red(), ";", color.green(), ";",
                      color.blue());
      break;
  }
}

}  // namespace

void ApplySgr(const Sequence& sequence, Rendition* rendition) {
  for (int index = 0; index < sequence.count();) {
    int subs = 0;
    while (sequence.is_sub(index + 1 + subs)) ++subs;
    if (subs > 0) {
      ApplyGroup(sequence, index, subs, rendition);
      index += 1 + subs;
      continue;
    }
    const int code = sequence.Get(index++, 0);
    if (code != 38 && code != 48 && code != 58) {
      ApplySimple(code, rendition);
      continue;
    }
    const ExtendedColor extended = ParseFlatColor(sequence, index);
    if (extended.consumed == 0) return;
    index += extended.consumed;
    if (!extended.color.has_value()) continue;
    if (code == 38) rendition->set_foreground(*extended.color);
    if (code == 48) rendition->set_background(*extended.color);
  }
}

std::string SgrParameters(const Rendition& rendition) {
  std::string out = "0";
  if (rendition.has(Attribute::kBold)) out += ";1";
  if (rendition.has(Attribute::kItalic)) out += ";3";
  if (rendition.underline() == Underline::kSingle) out += ";4";
  if (rendition.has(Attribute::kBlink)) out += ";5";
  if (rendition.has(Attribute::kInverse)) out += ";7";
  if (rendition.has(Attribute::kInvisible)) out += ";8";
  AppendColor(rendition.foreground(), 30, &out);
  AppendColor(rendition.background(), 40, &out);
  if (rendition.has(Attribute::kFaint)) out += ";2";
  if (rendition.has(Attribute::kStrike)) out += ";9";
  if (rendition.underline() == Underline::kDouble) out += ";21";
  if (rendition.underline() > Underline::kDouble) {
    absl::StrAppend(&out, ";4:", static_cast<int>(rendition.underline()));
  }
  if (rendition.has(Attribute::kOverline)) out += ";53";
  return out;
}

}  // namespace mosh::term
