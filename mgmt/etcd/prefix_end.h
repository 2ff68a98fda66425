// Etcd has no prefixes, but ranges. Pure.
#ifndef MGMT_ETCD_PREFIX_END_H_
#define MGMT_ETCD_PREFIX_END_H_

#include <string>

namespace mosh::mgmt::etcd {

// The first key after all that begin with `prefix`. "\0", which to etcd is the end, if there is
// none.
inline std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (prefix.empty()) return std::string(1, '\0');
  ++prefix.back();
  return prefix;
}

}  // namespace mosh::mgmt::etcd

#endif  // MGMT_ETCD_PREFIX_END_H_
