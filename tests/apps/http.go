// SPDX-License-Identifier: Apache-2.0

// The net/http stack with itself: a server and its clients in one process, over loopback, plain and by TLS, with timeouts and a shutdown.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

func get(c *http.Client, url string) string {
	r, err := c.Get(url)
	if err != nil {
		return "error"
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return fmt.Sprint(r.StatusCode, " ", len(b), " ", string(b[:min(len(b), 20)]), " ", err)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello ", r.URL.RawQuery) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, strings.NewReader(strings.Repeat("x", 1<<20))) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := httptest.NewServer(mux)
	fmt.Println(get(s.Client(), s.URL+"/hello?a=b"))
	fmt.Println(get(s.Client(), s.URL+"/big"))
	fmt.Println(get(s.Client(), s.URL+"/none"))
	body := bytes.Repeat([]byte("0123456789"), 30000)
	r, err := s.Client().Post(s.URL+"/echo", "text/plain", bytes.NewReader(body))
	if err == nil {
		back, _ := io.ReadAll(r.Body)
		fmt.Println(bytes.Equal(back, body))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	req, _ := http.NewRequestWithContext(ctx, "GET", s.URL+"/slow", nil)
	_, err = s.Client().Do(req)
	fmt.Println(err != nil, ctx.Err())
	cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for k := 0; k < 20; k++ {
				if get(s.Client(), fmt.Sprint(s.URL, "/hello?", i)) == fmt.Sprint("200 ", 6+len(fmt.Sprint(i)), " hello ", i, " <nil>") {
					mu.Lock()
					good++
					mu.Unlock()
				}
			}
		}(i)
	}
	wg.Wait()
	fmt.Println(good)
	s.CloseClientConnections()
	s.Close()
	t := httptest.NewTLSServer(mux)
	fmt.Println(get(t.Client(), t.URL+"/hello?tls"))
	t.Close()
	_, err = net.DialTimeout("tcp", strings.TrimPrefix(t.URL, "https://"), time.Second)
	fmt.Println(err != nil)
	addrs, err := net.LookupHost("localhost")
	fmt.Println(len(addrs) > 0, err)
}
