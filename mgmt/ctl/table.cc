#include "mgmt/ctl/table.h"

#include <algorithm>
#include <climits>

#include "absl/strings/str_cat.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

std::string Styled(const std::string& text, const char* style) {
  return *style == '\0' ? text : absl::StrCat("\033[", style, "m", text, "\033[m");
}

std::string FormatTable(const std::vector<std::vector<Cell>>& rows, int columns, bool colors) {
  std::vector<int> widths;
  for (const std::vector<Cell>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], TextWidth(row[i].text));
  }
  std::string table;
  for (const std::vector<Cell>& row : rows) {
    int room = columns > 0 ? columns : INT_MAX;
    // What stands between cells waits for the next text, so that no line ends in blanks.
    int blanks = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      const Cell& cell = row[i];
      const int padding = widths[i] - TextWidth(cell.text);
      if (cell.right_aligned) blanks += padding;
      std::string text = CutTo(cell.text, std::max(0, room - blanks));
      // The first digits of a number would be another number.
      if (cell.right_aligned && text.size() < cell.text.size()) text.clear();
      if (!text.empty()) {
        table.append(blanks, ' ');
        room -= blanks + TextWidth(text);
        blanks = 0;
        absl::StrAppend(&table, colors ? Styled(text, cell.style) : text);
      }
      if (text.size() < cell.text.size()) break;
      if (!cell.right_aligned) blanks += padding;
      blanks += 2;
    }
    table += '\n';
  }
  return table;
}

}  // namespace mosh::mgmt::ctl
