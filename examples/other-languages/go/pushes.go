package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

const maxAge = 10 * time.Minute

// errRefused: the push is not shown to be WeChat's.
var errRefused = errors.New("refused")

// Push holds the fields that the backend uses. A MsgId is larger than a floating point number can tell apart.
type Push struct {
	ToUserName, FromUserName, MsgType, Event, Content string
	CreateTime, MsgId                                 json.Number
}

// Pushes turns requests into pushes that are WeChat's. 核对签名，解密，读取。
type Pushes struct {
	AppID, Token string
	Key          []byte // of secure mode; nil in plain mode
}

// NewPushes takes the EncodingAESKey, or "" for plain mode.
func NewPushes(appID, token, aesKey string) (Pushes, error) {
	if aesKey == "" {
		return Pushes{appID, token, nil}, nil
	}
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err == nil && len(key) != 32 {
		err = errors.New("the EncodingAESKey must be 43 characters")
	}
	return Pushes{appID, token, key}, err
}

// Verify gives errRefused unless the query is signed with our token, just now.
func (p Pushes) Verify(query url.Values, name string, more ...string) error {
	timestamp := query.Get("timestamp")
	right := p.sign(append(more, timestamp, query.Get("nonce"))...)
	if subtle.ConstantTimeCompare([]byte(right), []byte(query.Get(name))) != 1 {
		return errRefused
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age > maxAge || age < -maxAge {
		return errRefused
	}
	return nil
}

// Read gives errRefused, or another error for what WeChat sent and we can't read.
func (p Pushes) Read(body []byte, query url.Values) (push Push, err error) {
	if p.Key == nil {
		if err = p.Verify(query, "signature"); err != nil {
			return push, err
		}
		return push, json.Unmarshal(escapeControls(body), &push)
	}
	// In secure mode msg_signature alone covers what was sent.
	var envelope struct{ Encrypt string }
	if json.Unmarshal(body, &envelope) != nil || p.Verify(query, "msg_signature", envelope.Encrypt) != nil {
		return push, errRefused
	}
	message, err := p.decrypt(envelope.Encrypt)
	if err != nil {
		return push, err
	}
	return push, json.Unmarshal(escapeControls(message), &push)
}

// Write gives the body of an answer: in secure mode encrypted and signed, as pushes are.
func (p Pushes) Write(fields any) ([]byte, error) {
	text, err := json.Marshal(fields)
	if err != nil || p.Key == nil {
		return text, err
	}
	plain := make([]byte, 20, 20+len(text)+len(p.AppID)+32)
	if _, err = rand.Read(plain[:16]); err != nil {
		return nil, err
	}
	nonce := hex.EncodeToString(plain[:8])
	binary.BigEndian.PutUint32(plain[16:], uint32(len(text)))
	plain = append(append(plain, text...), p.AppID...)
	padding := 32 - len(plain)%32
	plain = append(plain, bytes.Repeat([]byte{byte(padding)}, padding)...)
	block, err := aes.NewCipher(p.Key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, p.Key[:16]).CryptBlocks(plain, plain)
	sealed, now := base64.StdEncoding.EncodeToString(plain), time.Now().Unix()
	return json.Marshal(map[string]any{
		"Encrypt": sealed, "MsgSignature": p.sign(fmt.Sprint(now), nonce, sealed), "TimeStamp": now, "Nonce": nonce,
	})
}

// decrypt opens random(16) + length(4) + message + AppID, padded to 32 bytes.
func (p Pushes) decrypt(encrypted string) ([]byte, error) {
	plain, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil || len(plain) < 32 || len(plain)%32 != 0 {
		return nil, errRefused
	}
	block, err := aes.NewCipher(p.Key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, p.Key[:16]).CryptBlocks(plain, plain)
	end := len(plain) - int(plain[len(plain)-1])
	length := int(binary.BigEndian.Uint32(plain[16:]))
	if end < 20+length || string(plain[20+length:end]) != p.AppID {
		return nil, errRefused
	}
	return plain[20 : 20+length], nil
}

func (p Pushes) sign(parts ...string) string {
	all := append([]string{p.Token}, parts...)
	sort.Strings(all)
	sum := sha1.Sum([]byte(strings.Join(all, "")))
	return hex.EncodeToString(sum[:])
}

// escapeControls mends control characters that WeChat leaves as they are in a text, which JSON does not allow.
func escapeControls(text []byte) []byte {
	var out bytes.Buffer
	inString, escaped := false, false
	for _, c := range text {
		if inString && c < 0x20 {
			fmt.Fprintf(&out, `\u%04x`, c)
			continue
		}
		if c == '"' && !escaped {
			inString = !inString
		}
		escaped = inString && c == '\\' && !escaped
		out.WriteByte(c)
	}
	return out.Bytes()
}
