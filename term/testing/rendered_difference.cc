#include "term/testing/rendered_difference.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace mosh::term {
namespace {

Rendition Conveyed(Rendition rendition, RenderTarget target) {
  if (target != RenderTarget::kRealTerminal && rendition.underline() > Underline::kDouble) {
    rendition.set_underline(Underline::kSingle);
  }
  return rendition;
}

std::string CellDifference(const Screen& wanted, const Screen& shown, int row, int column,
                           RenderTarget target) {
  const Cell& a = wanted.cell(row, column);
  const Cell& b = shown.cell(row, column);
  if (a.wide() != b.wide() || a.wide_tail() != b.wide_tail()) return "width";
  if (a.wide_tail()) return "";
  if (wanted.CellText(a) != shown.CellText(b)) return "text";
  if (Conveyed(wanted.rendition(a), target) != Conveyed(shown.rendition(b), target)) {
    return "rendition";
  }
  return "";
}

}  // namespace

std::string RenderedDifference(const Screen& wanted, const Screen& shown, RenderTarget target) {
  if (wanted.size() != shown.size()) return "size";
  for (int row = 0; row < wanted.rows(); ++row) {
    for (int column = 0; column < wanted.columns(); ++column) {
      const std::string what = CellDifference(wanted, shown, row, column, target);
      if (!what.empty()) return absl::StrCat(what, " at ", row, ",", column);
    }
    const bool conveyed = row + 1 < wanted.rows();
    if (conveyed && wanted.row(row).wrapped() != shown.row(row).wrapped()) {
      return absl::StrCat("wrapped mark of row ", row);
    }
  }
  if (!(wanted.cursor() == shown.cursor())) return "cursor";
  if (!(wanted.modes() == shown.modes())) return "modes";
  if (Conveyed(wanted.current_rendition(), target) != Conveyed(shown.current_rendition(), target)) {
    return "pen";
  }
  if (wanted.title() != shown.title()) return "title";
  if (wanted.icon_name() != shown.icon_name()) return "icon name";
  const bool kept = target == RenderTarget::kRealTerminal && wanted.clipboard().empty();
  if (!kept && wanted.clipboard() != shown.clipboard()) return "clipboard";
  return "";
}

std::string UnrestOf(const Terminal& reader) {
  const Terminal::Details details = reader.details();
  if (details.pending_wrap) return "pending wrap";
  if (details.origin) return "origin mode";
  if (!details.autowrap) return "no autowrap";
  if (details.insert) return "insert mode";
  if (details.region_top != 0 || details.region_bottom + 1 != reader.screen().rows()) {
    return "scroll region";
  }
  return "";
}

std::string Spell(absl::string_view bytes) {
  return absl::StrReplaceAll(absl::CHexEscape(bytes), {{"\\x1b", "\\e"}});
}

}  // namespace mosh::term
