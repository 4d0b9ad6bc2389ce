// CRC-32 as zlib and Python's binascii compute it: a name's short form in the answer of a migration
// Job.
#pragma once

#include <cstdint>
#include <string_view>

namespace djdb {

constexpr std::uint32_t crc32(std::string_view text) {
    std::uint32_t rest = 0xFFFFFFFFU;
    for (const char c : text) {
        rest ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? 0xEDB88320U : 0U);
        }
    }
    return ~rest;
}

static_assert(crc32("123456789") == 0xCBF43926U, "the algorithm's check value");

}  // namespace djdb
