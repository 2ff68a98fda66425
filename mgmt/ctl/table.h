// A table for people. Pure.
#ifndef MGMT_CTL_TABLE_H_
#define MGMT_CTL_TABLE_H_

#include <string>
#include <vector>

namespace mosh::mgmt::ctl {

// SGR parameters, "" for none.
inline constexpr char kPlain[] = "";
inline constexpr char kBold[] = "1";
inline constexpr char kFaint[] = "2";
inline constexpr char kRed[] = "31";
inline constexpr char kGreen[] = "32";
inline constexpr char kYellow[] = "33";

struct Cell {
  std::string text;  // harmless
  const char* style = kPlain;
  bool right_aligned = false;
};

// `text` in that style.
std::string Styled(const std::string& text, const char* style);

// Columns are as wide as their widest cell, two blanks apart; the first row is the heading. Lines
// are cut to `columns` unless that is 0. Ends in a newline; styles only with `colors`.
std::string FormatTable(const std::vector<std::vector<Cell>>& rows, int columns, bool colors);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TABLE_H_
