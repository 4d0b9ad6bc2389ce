#include "controller/kube/config/tls_source.hpp"

#include "controller/kube/config/text_file.hpp"

namespace djdb::kube {
namespace {

/// The file's text, or `last` when there is no file or it can't be read.
std::string text_of(const std::filesystem::path& file, const std::string& last) {
    if (file.empty()) {
        return last;
    }
    const auto text = read_text_file(file).value_or("");
    return text.empty() ? last : text;
}

}  // namespace

TlsSource::TlsSource(const ClusterConfig& config)
    : ca_file_(config.ca_file),
      certificate_file_(config.client_certificate_file),
      key_file_(config.client_key_file),
      pem_{config.ca_pem, config.client_certificate_pem, config.client_key_pem},
      material_(parse(pem_)) {}

std::shared_ptr<const TlsMaterial> TlsSource::parse(const Pem& pem) {
    return std::make_shared<const TlsMaterial>(pem.ca, pem.certificate, pem.key);
}

TlsSource::Pem TlsSource::read_files() const {
    return {
        text_of(ca_file_, pem_.ca),
        text_of(certificate_file_, pem_.certificate),
        Sensitive(text_of(key_file_, pem_.key.reveal()))};
}

std::shared_ptr<const TlsMaterial> TlsSource::current() {
    constexpr std::chrono::seconds kLifetime{60};
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!doubted_ && now - read_at_ < kLifetime) {
        return material_;
    }
    read_at_ = now;
    doubted_ = false;
    auto found = read_files();
    if (found == pem_) {
        return material_;
    }
    try {
        material_ = parse(found);
        pem_ = std::move(found);
    } catch (const ConfigError&) {
        // Half of a rotation; the next look finds the rest, and until then the last one may serve.
        return material_;
    }
    return material_;
}

void TlsSource::doubt() {
    const std::scoped_lock lock(mutex_);
    doubted_ = true;
}

}  // namespace djdb::kube
