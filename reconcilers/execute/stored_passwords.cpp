#include "reconcilers/execute/stored_passwords.hpp"

#include <algorithm>
#include <set>

namespace djdb {
namespace {

constexpr std::string_view kNoteOfSecret = "reader-secret.";

std::string password_key(const ReaderSpec& reader) {
    return "reader." + reader.name;
}
std::string secret_key(const ReaderSpec& reader) {
    return std::string(kNoteOfSecret) + reader.name;
}

const std::vector<ReaderSpec>& readers_of(const Desired& desired) {
    return desired.object.spec.access.readers;
}

std::optional<Sensitive> find(const SecretData& stored, const std::string& key) {
    const auto found = stored.find(key);
    return found == stored.end() || found->second.empty() ? std::nullopt
                                                          : std::optional(found->second);
}

}  // namespace

std::optional<TenantPasswords> passwords_in(const Desired& desired, const SecretData& stored) {
    const auto runtime = find(stored, "runtime");
    const auto migrate = find(stored, "migrate");
    if (!runtime || !migrate) {
        return std::nullopt;
    }
    TenantPasswords passwords{*runtime, *migrate};
    for (const auto& reader : readers_of(desired)) {
        const auto password = find(stored, password_key(reader));
        if (!password || !find(stored, secret_key(reader))) {
            return std::nullopt;
        }
        passwords.readers.push_back(*password);
    }
    return passwords;
}

SecretData completed(const Desired& desired, const SecretData& stored, PasswordSource& passwords) {
    auto data = stored;
    const auto require = [&](const std::string& key) {
        if (!find(data, key)) {
            data.insert_or_assign(key, passwords.make());
        }
    };
    require("runtime");
    require("migrate");
    for (std::size_t i = 0; i < readers_of(desired).size(); ++i) {
        const auto& reader = readers_of(desired)[i];
        require(password_key(reader));
        data.try_emplace(secret_key(reader), Sensitive(desired.reader_secrets[i].str()));
    }
    return data;
}

std::vector<ObjectName> leftover_secrets(const Desired& desired, const SecretData& stored) {
    std::set<std::string> wanted{desired.secret_name.str(), desired.migration_name.str()};
    for (const auto& name : desired.reader_secrets) {
        wanted.insert(name.str());
    }
    std::vector<ObjectName> leftover;
    for (const auto& [key, name] : stored) {
        if (key.starts_with(kNoteOfSecret) && !wanted.contains(name.reveal())) {
            leftover.emplace_back(name.reveal());
        }
    }
    return leftover;
}

SecretData without_leftovers(const Desired& desired, const SecretData& stored) {
    SecretData data;
    const auto keep = [&](const std::string& key) {
        if (const auto value = find(stored, key)) {
            data.insert_or_assign(key, *value);
        }
    };
    keep("runtime");
    keep("migrate");
    for (std::size_t i = 0; i < readers_of(desired).size(); ++i) {
        const auto& reader = readers_of(desired)[i];
        keep(password_key(reader));
        data.insert_or_assign(secret_key(reader), Sensitive(desired.reader_secrets[i].str()));
    }
    return data;
}

}  // namespace djdb
