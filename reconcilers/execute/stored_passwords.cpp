#include "reconcilers/execute/stored_passwords.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <utility>

namespace djdb {
namespace {

constexpr std::string_view kNoteOfSecret = "reader-secret.";
constexpr const char* kAttempt = "migrate-attempt";

std::string password_key(const LoginId& login) {
    switch (login.kind) {
        case LoginKind::A:
        case LoginKind::B:
            return "runtime";  // only the active one is enabled
        case LoginKind::Migrate:
            return "migrate";
        case LoginKind::Reader:
            break;
    }
    return "reader." + login.reader_name;
}
std::string secret_key(const ReaderSpec& reader) {
    return std::string(kNoteOfSecret) + reader.name;
}

std::vector<LoginId> logins_of(const Desired& desired) {
    return enabled_logins(desired.names, desired.setup);
}

std::optional<Sensitive> find(const SecretData& stored, const std::string& key) {
    const auto found = stored.find(key);
    return found == stored.end() || found->second.empty() ? std::nullopt
                                                          : std::optional(found->second);
}

}  // namespace

std::optional<TenantPasswords> passwords_in(const Desired& desired, const SecretData& stored) {
    TenantPasswords passwords;
    for (const auto& login : logins_of(desired)) {
        const auto password = find(stored, password_key(login));
        if (!password) {
            return std::nullopt;
        }
        passwords.emplace(login, *password);
    }
    const bool are_noted = std::ranges::all_of(desired.readers, [&](const auto& reader) {
        return find(stored, secret_key(reader)).has_value();
    });
    return are_noted ? std::optional(std::move(passwords)) : std::nullopt;
}

std::vector<LoginId> missing_passwords(const Desired& desired, const SecretData& stored) {
    auto logins = logins_of(desired);
    std::erase_if(logins, [&](const LoginId& login) {
        return find(stored, password_key(login)).has_value();
    });
    return logins;
}

SecretData completed(
    const Desired& desired,
    const SecretData& stored,
    const TenantPasswords& recovered,
    PasswordSource& passwords
) {
    auto data = stored;
    for (const auto& login : missing_passwords(desired, stored)) {
        const auto known = recovered.find(login);
        data.insert_or_assign(
            password_key(login), known == recovered.end() ? passwords.make() : known->second
        );
    }
    for (std::size_t i = 0; i < desired.readers.size(); ++i) {
        const auto& reader = desired.readers[i];
        data.try_emplace(secret_key(reader), Sensitive(desired.reader_secrets[i].str()));
    }
    return data;
}

SecretData with_new_password(
    const SecretData& stored, const LoginId& login, PasswordSource& passwords
) {
    auto data = stored;
    data.insert_or_assign(password_key(login), passwords.make());
    return data;
}

std::int64_t attempt_in(const SecretData& stored) {
    std::int64_t attempt = 0;
    if (const auto found = find(stored, kAttempt)) {
        const auto& text = found->reveal();
        std::from_chars(text.data(), text.data() + text.size(), attempt);
    }
    return attempt;
}

SecretData with_attempt(const SecretData& stored, std::int64_t attempt) {
    auto data = stored;
    data.insert_or_assign(kAttempt, Sensitive(std::to_string(attempt)));
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
    for (const auto& login : logins_of(desired)) {
        const auto key = password_key(login);
        if (const auto value = find(stored, key)) {
            data.insert_or_assign(key, *value);
        }
    }
    for (std::size_t i = 0; i < desired.readers.size(); ++i) {
        const auto& reader = desired.readers[i];
        data.insert_or_assign(secret_key(reader), Sensitive(desired.reader_secrets[i].str()));
    }
    return with_attempt(data, attempt_in(stored));
}

}  // namespace djdb
