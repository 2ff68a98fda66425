// Lines of a file that somebody made: refused, or read as something that can be written and read
// again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "mgmt/recording/asciicast.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::mgmt;
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto header = ParseCastHeader(line); header.ok()) {
    const auto again = ParseCastHeader(FormatCastHeader(*header));
    CHECK(again.ok());
    CHECK(again->columns == header->columns);
    CHECK(again->rows == header->rows);
    CHECK(again->title == header->title);
  }
  if (const auto event = ParseCastEvent(line); event.ok()) {
    const std::string text = FormatCastEvent(*event);
    CHECK(text.find('\n') == text.size() - 1);
    const auto again = ParseCastEvent(text);
    CHECK(again.ok());
    CHECK(again->data == event->data);
    CHECK(again->code == event->code);
  }
  if (const auto columns = ParseCastSize(line)) CHECK(columns->columns >= 1);
  return 0;
}
