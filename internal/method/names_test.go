package method

import "testing"

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"Add": "add", "StreamingRange": "streaming_range", "HTTPServer": "http_server", "GetURL": "get_url",
		"V2Ping": "v2_ping", "ID": "id", "UserIDs": "user_ids", "URLsOf": "urls_of", "A": "a", "IsOK": "is_ok",
		"SHA256Sum": "sha256_sum", "Base64Encode": "base64_encode", "X509Cert": "x509_cert", "ASet": "a_set",
		"String": "string", "Error": "error", "Get_URL": "get_url", "Already_snake": "already_snake", "HTMLSanitizer": "html_sanitizer",
		"ÄndereÖl": "ändere_öl", "": "", "JSONRPC2": "jsonrpc2", "HTTP2Server": "http2_server", "IDs_Of": "ids_of",
	} {
		if got := SnakeCase(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
