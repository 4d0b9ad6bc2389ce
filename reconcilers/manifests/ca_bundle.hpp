// Where apps find the CA of their server: in a ConfigMap of its own, as a file. While it is small it
// stands in the Secrets too, as it always did. Pure.
//   fits            | the Secrets have it as well, and keep it up to date
//   is too long     | the ConfigMap alone: whoever reads a Secret by envFrom gets each key as a
//                   | variable, and the kernel starts nothing with one of 128 KiB
//   none, too long  | a ca.crt that a Secret has from before stays as it is. Pods mount it, and none
//                   | of them would start again without the file; where all of a Secret is mounted,
//                   | those that run would lose it within a minute. It verifies what it verified.
//                   | Whoever mounts the ConfigMap may remove it: it is not written again.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/ports/pod_template.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>

namespace djdb {

inline constexpr auto kCaKey = "ca.crt";
/// A quarter of what one variable may have: all of them share their room with the arguments.
inline constexpr std::size_t kLongestCaInSecret = 32UL * 1024;

constexpr bool fits_into_secret(const std::string& ca_pem) {
    return ca_pem.size() <= kLongestCaInSecret;
}

/// @param ca_pem any bytes: between certificates there may be comments in any encoding
nlohmann::json render_ca_bundle(const Desired& desired, const std::string& ca_pem);

/// A volume of this Pod template has ca.crt from that Secret.
bool mounts_ca_of(const PodTemplate& pod_template, const ObjectName& secret);

}  // namespace djdb
