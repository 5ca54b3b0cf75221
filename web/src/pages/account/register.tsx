import { Link } from '@tanstack/react-router'
import { Form, Input, Radio, Result } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { siteOf, sitesServed } from '../../api/site'
import { Entry } from '../../kit/form'
import { Page } from '../../kit/page'
import { usePreferences } from '../../kit/preferences'

/** A new account with its first user. */
export function Register() {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const [done, setDone] = useState(false)
  const need = [{ required: true, message: t('form.required') }]
  if (done)
    return <Result status="success" title={t('register.done')} extra={<Link to="/log-in">{t('action.log_in')}</Link>} />
  return (
    <div style={{ maxWidth: 480, margin: '24px auto' }} className="panel">
      <div style={{ padding: 24 }}>
        <Page title={t('register.title')} purpose={t('register.purpose')}>
          <Entry<Omit<Schemas['RegisterBody'], 'language'>, unknown>
            initial={{ kind: 'enterprise', site: siteOf() }}
            run={(body) => unwrap(api.POST('/api/v1/accounts', { body: { ...body, language } }))}
            done={() => setDone(true)}
            send={t('action.register')}
            block
          >
            <Form.Item name="kind" label={t('register.kind')}>
              <Radio.Group
                options={[
                  { value: 'enterprise', label: t('register.enterprise') },
                  { value: 'individual', label: t('register.individual') },
                ]}
              />
            </Form.Item>
            <Form.Item name="account_name" label={t('register.account_name')} rules={need}>
              <Input maxLength={100} />
            </Form.Item>
            <Form.Item name="user_name" label={t('register.user_name')} rules={need}>
              <Input maxLength={60} />
            </Form.Item>
            <Form.Item name="login" label={t('log_in.login')} rules={need}>
              <Input maxLength={120} autoComplete="username" />
            </Form.Item>
            <Form.Item
              name="password"
              label={t('log_in.password')}
              extra={t('register.password_hint')}
              rules={[...need, { min: 10 }]}
            >
              <Input.Password autoComplete="new-password" />
            </Form.Item>
            <Form.Item name="mailbox" label={t('messages.mailbox')} extra={t('register.contact_hint')}>
              <Input type="email" maxLength={120} autoComplete="email" />
            </Form.Item>
            <Form.Item name="phone" label={t('messages.phone')}>
              <Input type="tel" maxLength={32} autoComplete="tel" />
            </Form.Item>
            <Form.Item name="site" label={t('register.site')}>
              <Radio.Group options={sitesServed().map((s) => ({ value: s.code, label: t(`site.${s.code}`) }))} />
            </Form.Item>
          </Entry>
        </Page>
      </div>
    </div>
  )
}
